"""What a benchmark found: rows of numbers, verdicts on the targets, and sentences."""

import dataclasses
import statistics


@dataclasses.dataclass
class Series:
    """One number over all rounds."""
    values: list

    @classmethod
    def of(cls, reports, key):
        """`key`: a name in each report, or a function of it."""
        return cls([key(report) if callable(key) else report[key] for report in reports])

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def spread(self):
        """Highest less lowest, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0


def figure(value):
    """A number with three significant figures, and not one more than it has."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


class Section:
    """[Order] rows and verdicts appear as they were added."""

    def __init__(self, sentence):
        self.sentence = sentence
        self.rows, self.verdicts, self.notes = [], [], []

    def row(self, what, unit, series):
        if not isinstance(series, Series):
            series = Series([series])
        self.rows.append((what, unit, series))
        return series.median

    def verdict(self, what, target, measured, met):
        self.verdicts.append((what, target, measured, met))

    def note(self, sentence):
        self.notes.append(sentence)

    def lines(self):
        """Markdown."""
        yield self.sentence
        yield ""
        yield "| what | unit | median | lowest | highest | spread |"
        yield "|---|---|---:|---:|---:|---:|"
        for what, unit, series in self.rows:
            span = [figure(min(series.values)), figure(max(series.values)), f"{series.spread:.0%}"] if len(series.values) > 1 else ["", "", ""]
            yield "| " + " | ".join([what, unit, figure(series.median), *span]) + " |"
        if self.verdicts:
            yield ""
            yield "| target | asked | measured | |"
            yield "|---|---|---|---|"
            for what, target, measured, met in self.verdicts:
                yield f"| {what} | {target} | {measured} | {'met' if met else '**missed**'} |"
        for note in self.notes:
            yield ""
            yield note

    def text(self):
        return "\n".join(self.lines())
