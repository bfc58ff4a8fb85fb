"""Every random decision of the model by name: the third part of a random number's address."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Decision(IntEnum):
    """One random decision a line. A number once given is never changed or used again, so that old runs can be repeated."""

    POPULATION = 1  # age, sex, county, scheme and the rest of a synthetic person
    INCOME = 2  # income per head
    CHRONIC_START = 3  # which chronic conditions a synthetic person has already, and frailty
    DEMOGRAPHY = 4  # deaths, retirement, moves between schemes
    BIRTH = 5  # births and who is born
    CHRONIC = 6  # onset and control of chronic conditions
    OUTPATIENT_NEED = 7  # whether a person needs outpatient care this month, and of what kind
    INPATIENT_NEED = 8  # whether a person needs inpatient care this month
    GROUP = 9  # the true disease group of an inpatient need
    SEVERITY = 10  # mild, moderate or severe
    SEEK = 11  # whether a need is taken to anybody at all
    CHOOSE_LEVEL = 12  # which level of care
    CHOOSE_FACILITY = 13  # which institution of that level
    VISIT_CHARGE = 14  # spread of a visit's charge within its kind
    CASE_NEED = 15  # spread of a stay's resource need within its group
    CASE_ELIGIBLE = 16  # which acts of conduct a case lends itself to
    CASE_GAIN = 17  # how much an act of conduct brings on this case
    ADMIT = 18  # whether a patient who could be either is admitted
    REDIRECT = 19  # where a refused, full or referred patient goes
    OUTCOME = 20  # death, complication, readmission, recovery
    AUDIT = 21  # which claims are examined and what is found
    CONDUCT_START = 22  # conduct a provider begins with
    CONDUCT_SAMPLE = 23  # cases a provider looks at when it reconsiders
    CONDUCT_ERROR = 24  # trembling of its decision
    OPINION = 25  # what patients hear and think of an institution
