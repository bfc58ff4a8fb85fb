"""Phase audit: smart rules look at all claims, auditors at a sample; gains of what is found are taken back and fined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.care import CHANNELS, CODING, SHIFT, SPLITTING, THRESHOLD
from model.cases import FLAG_AUDITED, FLAG_LOW_THRESHOLD, FLAG_RECOVERED, FLAG_SHIFTED, FLAG_SPLIT, FLAG_UPCODED, Claims
from model.codes import SCHEMES
from model.decisions import Decision
from model.ledger import AccountKind, Memo
from model.streams import uniforms
from model.supervision import AUDITED_CHANNELS, RULES, Findings, Shown, flag_claims, flagged_by_channel

if TYPE_CHECKING:
    from model.city import City

MARKS = {CODING: FLAG_UPCODED, SPLITTING: FLAG_SPLIT, THRESHOLD: FLAG_LOW_THRESHOLD, SHIFT: FLAG_SHIFTED}
"""The truth of each channel in a claim's flags."""


def audit(city: City) -> None:
    """Claims are flagged, reviewed and audited; what is found is taken back and fined; clean claims may be disputed wrongly."""
    month, claims = city.now, city.now.claims
    assert claims is not None
    rules, watch = city.insurer.audit, city.insurer.watch
    shown = Shown.of(claims, city.last_claims, city.catalogue)
    city.insurer.norms.see(shown)
    findings = month.findings = _find(city, claims, flag_claims(shown, city.insurer.norms, rules.limits))
    watch.remember(rules, findings)
    claims.flags[findings.checked.any(axis=0) | findings.found.any(axis=0)] |= FLAG_AUDITED
    claims.flags[findings.found.any(axis=0)] |= FLAG_RECOVERED
    hold(city, _waiting(city, claims, findings))
    take_back(city, claims, findings.taken.sum(axis=0))
    month.tallies |= _tallies(city, findings)
    payer = city.ledger.provider(np.arange(len(month.tallies["fined"])))
    city.ledger.post(payer, int(AccountKind.GOVERNMENT), month.tallies["fined"].astype(np.int64), Memo.FINE)


def _find(city: City, claims: Claims, flags: dict[str, NDArray[np.bool_]]) -> Findings:
    """What desk and auditors find, each channel by draws of its own."""
    rules = city.insurer.audit
    local = city.geography.providers.local[claims.provider]
    flagged = flagged_by_channel(flags, AUDITED_CHANNELS) & local
    distorted = np.stack([claims.has(MARKS[channel]) for channel in AUDITED_CHANNELS]) & local
    desk, drawn, sharp = (uniforms(city.seed, int(Decision.AUDIT), city.now.index, claims.uid, block=block).T for block in range(3))
    plain, likelier = city.insurer.drawn()
    checked = drawn < np.where(flagged, likelier[:, claims.provider], plain[:, claims.provider])
    review = np.array([[rules.review[channel]] for channel in AUDITED_CHANNELS])
    by_audit = distorted & checked & (sharp < rules.sensitivity)
    found = by_audit | (distorted & flagged & (desk < review))
    wrong = (flagged & (desk < rules.review_false_positive)) | (checked & (sharp < rules.false_positive))
    taken = np.stack([taken_of(city, claims, found[row], channel) for row, channel in enumerate(AUDITED_CHANNELS)])
    return Findings(
        provider=claims.provider,
        by_rule=flags,
        flagged=flagged,
        checked=checked,
        distorted=distorted,
        found=found,
        by_audit=by_audit,
        disputed=~distorted & wrong,
        taken=taken,
    )


def _waiting(city: City, claims: Claims, findings: Findings) -> NDArray[np.int64]:
    """Fund money of claims that fail a rule applied before payment ``[provider, scheme]``, fen; nothing before a policy has opened."""
    n = len(city.geography.providers)
    fails = np.zeros(len(claims), dtype=bool)
    for name, mask in findings.by_rule.items():
        if RULES[name].time == "before":
            fails |= mask
    fails &= city.geography.providers.local[claims.provider] & city.policy_open
    place = claims.provider[fails].astype(np.int64) * len(SCHEMES) + claims.scheme[fails]
    money = np.bincount(place, weights=claims.basic[fails], minlength=n * len(SCHEMES))
    return np.rint(money).astype(np.int64).reshape(n, len(SCHEMES))


def hold(city: City, waiting: NDArray[np.int64]) -> None:
    """Keeps back what waits for the desk, and pays what has waited since the month before: reviews take a month (assumption)."""
    ledger, insurer = city.ledger, city.insurer
    for money, memo in ((insurer.held, Memo.CLAIM_RELEASED), (waiting, Memo.CLAIM_HELD)):
        provider, scheme = np.nonzero(money)
        fund, account = ledger.fund(scheme), ledger.provider(provider)
        payer, payee = (account, fund) if memo == Memo.CLAIM_HELD else (fund, account)
        ledger.post(payer, payee, money[provider, scheme], memo)
    insurer.held = waiting


def _tallies(city: City, findings: Findings) -> dict[str, NDArray[np.float64]]:
    """Counts and money by provider, over all channels."""
    rules, n = city.insurer.audit, len(city.geography.providers)

    def count(table: NDArray[np.generic]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = findings.by_provider(table, n).sum(axis=0)
        return total

    by_channel = {
        f"{name}_{CHANNELS[channel]}": row
        for name, table in (("distorted", findings.distorted), ("detected", findings.found), ("disputed", findings.disputed))
        for channel, row in zip(AUDITED_CHANNELS, findings.by_provider(table, n), strict=True)
    }
    fine = np.stack([city.insurer.fine(channel)[findings.provider] for channel in AUDITED_CHANNELS])
    clean = ~findings.distorted
    return by_channel | {
        "held": city.insurer.held.sum(axis=1).astype(np.float64),
        "flagged": count(findings.flagged),
        "flagged_distorted": count(findings.flagged & findings.distorted),
        "recovered": count(findings.taken),
        "fined": count(np.rint(findings.taken * fine)),
        "distorted": count(findings.distorted),
        "detected": count(findings.found),
        "audited_clean": count(clean & (findings.checked | findings.flagged)),
        "false_positives": count(findings.disputed),
        "audit_cost": count(findings.checked) * rules.cost_per_check + count(findings.flagged) * rules.cost_per_review,
    }


def taken_of(city: City, claims: Claims, which: NDArray[np.bool_], channel: int) -> NDArray[np.int64]:
    """What is taken back of each claim if those marked are found distorted by a channel, whole fen; nothing of the others."""
    taken, at = np.zeros(len(claims), dtype=np.int64), np.flatnonzero(which)
    taken[at] = np.rint(_gain_of(city, claims.take(at), channel)).astype(np.int64)
    return taken


def _gain_of(city: City, claims: Claims, channel: int) -> NDArray[np.float64]:
    """What is taken back of claims found distorted by a channel, fen (see ``conduct.md``)."""
    charge = claims.charge.astype(np.float64)
    if channel == CODING:
        found: NDArray[np.float64] = np.maximum(claims.gain, 0.0)
        return found
    if channel == SPLITTING:
        # both halves are flagged; each carries half of the recovery of the stay
        recovery: NDArray[np.float64] = city.insurer.audit.split_gain * charge / (1.0 + city.care.split_overhead)
        return recovery
    if channel == THRESHOLD:
        return charge
    shift = city.staff.conduct[claims.provider, SHIFT]
    moved: NDArray[np.float64] = claims.in_scope * shift / np.maximum(1.0 - shift, 1e-9)
    return moved


def take_back(city: City, claims: Claims, taken: NDArray[np.int64] | NDArray[np.float64]) -> None:
    """Returns recoveries of claims to the funds they came from: at once, or from later payments where a mode's cycle says so."""
    n = len(city.geography.providers)
    place = claims.provider.astype(np.int64) * len(SCHEMES) + claims.scheme
    for i, instance in enumerate(city.settlement.instances):
        mine = claims.instance == i
        whole = np.bincount(place[mine], weights=taken[mine], minlength=n * len(SCHEMES)).astype(np.int64).reshape(n, len(SCHEMES))
        when = instance.cycle.audit_deduction
        if when != "at_once" and city.policy_open:
            instance.book.deduct(whole, at_clearing=when == "clearing")
            continue
        provider, scheme = np.nonzero(whole)
        city.ledger.post(city.ledger.provider(provider), city.ledger.fund(scheme), whole[provider, scheme], Memo.RECOVERY)
