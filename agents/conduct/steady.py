"""Steady conduct: nothing is ever revised. The control against which learning is seen."""

from __future__ import annotations

from typing import ClassVar

from agents.conduct.protocol import Floats, Situation


class Steady:
    """Keeps the present conduct."""

    name: ClassVar[str] = "steady"
    label_zh: ClassVar[str] = "行为不变"
    label_en: ClassVar[str] = "Steady"
    summary: ClassVar[str] = "conduct never changes; a control (the charge of finished cases is still chosen)"

    def revise(self, situation: Situation) -> Floats:
        """A copy of the present conduct."""
        return situation.conduct.copy()


RULE = Steady
