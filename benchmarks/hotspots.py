"""Where the time goes, function by function: a profile of some months of a city after its opening, for whoever makes it faster."""

from __future__ import annotations

import argparse
import cProfile
import pstats

from benchmarks.cities import open_city, warm_up


def profile(people: int, months: int, shown: int) -> None:
    """Prints the functions with the most time of their own, then those with the most time in all."""
    warm_up()
    city = open_city(people)
    watch = cProfile.Profile()
    watch.enable()
    city.run_for(months)
    watch.disable()
    found = pstats.Stats(watch).strip_dirs()
    found.sort_stats("tottime").print_stats(shown)
    found.sort_stats("cumulative").print_stats(shown)


def main() -> None:
    """Profiles one size."""
    parser = argparse.ArgumentParser(description=profile.__doc__)
    parser.add_argument("--people", type=int, default=92_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--shown", type=int, default=25, help="functions listed in each order")
    asked = parser.parse_args()
    profile(asked.people, asked.months, asked.shown)


if __name__ == "__main__":
    main()
