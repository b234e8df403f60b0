"""tests/budgets: every row has a name, two numbers and a sentence, and the ci column sums to at most twelve minutes."""
import pathlib
import unittest

BUDGETS = pathlib.Path(__file__).resolve().parents[1] / "budgets"


class Budgets(unittest.TestCase):
    def rows(self):
        for line in BUDGETS.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                yield line.split(None, 3)

    def test_every_row_is_whole(self):
        for row in self.rows():
            self.assertEqual(len(row), 4, row)
            self.assertGreater(int(row[1]), 0, row)
            self.assertGreaterEqual(int(row[2]), int(row[1]), row)

    def test_ci_sums_to_at_most_twelve_minutes(self):
        self.assertLessEqual(sum(int(row[1]) for row in self.rows()), 12 * 60)


if __name__ == "__main__":
    unittest.main()
