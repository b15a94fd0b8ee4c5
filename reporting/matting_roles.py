"""Which of our methods stands for which of report 004's, and which systems are to be compared."""

from pipeline.params.file import Params
from pipeline.steps.matting import OF_THINGS
from reporting.printed_mattes import DM, IN_PORTRAITS, IN_THINGS, JOINT

LAMBDAS = (0.02, 0.01)  # of the report's system
OF_NETWORK = {"dim": DM, "dim_lite": DM, "indexnet": IN_PORTRAITS}


def roles_of(params: Params) -> dict[str, str]:
    """By method the row of the report's table 1 that it stands for; the first of each alone."""
    found = {}
    for name, section in params.matting.items():
        found[name] = OF_NETWORK.get(section.network.name, "")
        found[f"{name}{OF_THINGS}"] = IN_THINGS if section.network.name == "indexnet" else ""
    for name, system in params.joint.items():
        lambdas = system.lambda_matting, system.lambda_harmonizer
        found[name] = JOINT if lambdas == LAMBDAS and system.dataset is None and not system.reconstruction_reaches_matting else ""
    first = {role: method for method, role in reversed(found.items()) if role}
    return {method: role for role, method in first.items()}


def twins_of(params: Params) -> dict[str, str]:
    """By system with a critic the one without that has the same networks and pictures; systems without such a twin are left out."""
    begun = {name: (params.joint_dataset(name), each.matting, each.harmonizer) for name, each in params.joint.items()}
    alone = {begun[name]: name for name, each in reversed(params.joint.items()) if not each.has_critic}
    pairs = {name: alone.get(begun[name]) for name, each in params.joint.items() if each.has_critic}
    return {name: twin for name, twin in pairs.items() if twin is not None}


def same_but(params: Params, key: str) -> dict[float, str]:
    """By the value of a lambda, ascending, the systems that differ in it alone, of the largest such group."""
    groups: dict[str, dict[float, str]] = {}
    for name, system in params.joint.items():
        if system.has_critic:
            groups.setdefault(system.model_dump_json(exclude={key}), {}).setdefault(getattr(system, key), name)
    largest = max(groups.values(), key=len, default={})
    return dict(sorted(largest.items()))
