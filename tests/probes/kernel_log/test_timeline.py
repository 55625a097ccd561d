from probes.kernel_log.timeline import Timeline

WALL, STEADY = 1_800_000_000.0, 5_000.0


class Clock:
    """Both clocks of a machine."""

    def __init__(self) -> None:
        self.passed = 0.0

    def wall(self) -> float:
        return WALL + self.passed

    def steady(self) -> float:
        return STEADY + self.passed


def test_an_old_record() -> None:
    """It lies as far back as the time since the boot says."""
    clock = Clock()
    timeline = Timeline(clock.wall, clock.steady)

    assert timeline.at(4_000_000_000, live=False) == WALL - 1000


def test_never_in_the_future() -> None:
    """A kernel's clock that runs fast makes no event of tomorrow."""
    clock = Clock()
    timeline = Timeline(clock.wall, clock.steady)

    assert timeline.at(5_003_000_000, live=False) == WALL


def test_live_records_set_a_drifting_clock_right() -> None:
    """Read as it was written, a record is of now, and the ones around it keep their distances."""
    clock = Clock()
    timeline = Timeline(clock.wall, clock.steady)

    assert timeline.at(4_960_000_000, live=True) == WALL
    assert timeline.at(4_959_500_000, live=True) == WALL - 0.5
    assert timeline.at(4_900_000_000, live=False) == WALL - 60


def test_a_clock_that_is_right_stays() -> None:
    """The time between writing and reading is no drift."""
    clock = Clock()
    timeline = Timeline(clock.wall, clock.steady)

    assert timeline.at(4_999_900_000, live=True) == WALL - 0.1
    assert timeline.at(4_000_000_000, live=False) == WALL - 1000
