"""A study in memory, as claims see one."""

from types import SimpleNamespace

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL")


class Trial:
    """One trial of it."""

    def __init__(self, number, params, state="RUNNING", **attrs):
        assert state in STATES
        self.number, self.params, self.user_attrs = number, dict(params), dict(attrs)
        self.state = SimpleNamespace(name=state)

    def set_user_attr(self, key, value):
        self.user_attrs[key] = value


class MemoryStudy:
    """Proposes the points it is given, in turn; `beyond` are those that it passes over."""

    def __init__(self, points, beyond=()):
        self.points, self.beyond = iter(points), beyond
        self.kept, self.asked = [], []

    def trials(self):
        return list(self.kept)

    def ask(self, index, fixed, tries):
        self.asked.append((index, fixed, tries))
        point = fixed or next(self.points, None)
        if point is None:
            return None
        trial = Trial(len(self.kept), point)
        self.kept.append(trial)
        return trial

    def passes_over(self, trial):
        if trial.params in self.beyond:
            trial.set_user_attr("void", "beyond")
            trial.state.name = "COMPLETE"
            return True
        return False

    def fail(self, number):
        if self.kept[number].state.name == "RUNNING":
            self.kept[number].state.name = "FAIL"

    def end(self, trial, state="COMPLETE", **row):
        trial.set_user_attr("row", row)
        trial.state.name = state
