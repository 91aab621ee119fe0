"""How many examples a property is tried with: few here, many times more by `make properties`."""

from hypothesis import HealthCheck, settings

_FUZZ = 50  # times as many


def some(examples: int) -> settings:
    """Return settings for so many examples; for properties that make databases, which take their time."""
    fuzzing = settings.get_current_profile_name() == "fuzz"
    return settings(
        max_examples=examples * (_FUZZ if fuzzing else 1),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
