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
    CHOOSE_STAY = 12  # whether and where a need for a stay is taken
    CHOOSE_VISIT = 13  # whether and where a need for a visit is taken
    VISIT_CHARGE = 14  # spread of a visit's charge within its kind
    CASE_NEED = 15  # spread of a stay's resource need within its group
    CASE_ELIGIBLE = 16  # which acts of conduct a case lends itself to
    ADMIT = 18  # whether who was turned away tries again, and which outpatients could be admitted
    REDIRECT = 19  # whether a group keeps a case or sends it down
    OUTCOME = 20  # death, complication, readmission, recovery
    AUDIT = 21  # which claims are examined and what is found
    CONDUCT_START = 22  # conduct a provider begins with
    CONDUCT_SAMPLE = 23  # cases a provider looks at when it reconsiders
    CONDUCT_ERROR = 24  # trembling of its decision
    CONDUCT_RULE = 25  # which conduct rule it follows, where rules are mixed
    REGISTER = 26  # whether a stay outside the city is registered before
    KIDNEY = 27  # whose kidneys fail, at the start and later, who dies of it, and the part of a session that a mean leaves over
    CHOOSE_DIALYSIS = 28  # which hospital gives a person's sessions of dialysis
    INSPECTION = 40  # which institutions are visited unannounced, and what a visit finds
    COMPLAINT = 41  # which patients complain, and what comes of it
    SELF_INSPECTION = 42  # which gains providers return of themselves
