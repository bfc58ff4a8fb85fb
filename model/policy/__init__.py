"""Settings: typed, dated, sourced values of cities, policies and behaviour, and their strict loader."""

from model.policy.behaviour_file import BehaviourFile
from model.policy.city_file import CityFile
from model.policy.leaf import Dated, Leaf, LeafSpec, leaf
from model.policy.loader import (
    changed_between,
    list_cities,
    list_policies,
    load_behaviour,
    load_city,
    load_policy,
    walk,
    write_fitted,
)
from model.policy.policy_file import PolicyFile, PolicyMode, Route

__all__ = [
    "BehaviourFile",
    "CityFile",
    "Dated",
    "Leaf",
    "LeafSpec",
    "PolicyFile",
    "PolicyMode",
    "Route",
    "changed_between",
    "leaf",
    "list_cities",
    "list_policies",
    "load_behaviour",
    "load_city",
    "load_policy",
    "walk",
    "write_fitted",
]
