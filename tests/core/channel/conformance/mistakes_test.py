"""The conformance suite notices: each mistake of the model channel makes exactly the named tests fail, and every test of the
suite is the one that notices some mistake. MODEL is the program test-adapter-conformance."""

import concurrent.futures
import os
import re
import subprocess
import unittest

MODEL = os.environ["MODEL"]
PARALLEL = 6   # the tests mostly wait

CAUGHT_BY = {
    "finishes_a_cancelled_attempt_twice": ["ACancelledAttemptEndsOnceAndSendsNothing"],
    "drops_an_attempt_after_stop": ["AnAttemptThatComesAfterStopEnds"],
    "blocks_the_loop": ["DeliverReturnsWhileThePeerHangs"],
    "stops_late": ["StopEndsEverythingAtItsDeadline"],
    "sends_the_tenth_twice": ["EveryOneOfManyAttemptsEndsOnce"],
    "gives_no_receipt": ["DeliversWhatThePeerTakes"],
    "takes_a_final_no_for_a_temporary_one": ["AFinalNoIsRejected"],
    "takes_a_temporary_no_for_the_account": ["ATemporaryNoIsARetryOfTheMessage"],
    "takes_a_refused_login_for_the_message": ["ANoToTheAccountPausesTheAccount"],
    "takes_a_closed_office_for_the_message": ["APeerThatIsAwayPausesTheChannel"],
    "goes_on_where_a_human_must_look": ["WhatOnlyAHumanMendsIsHeld"],
    "sees_no_doubt": ["AnAnswerThatIsLostIsInDoubt"],
    "makes_an_identity_for_each_attempt": ["GoesOutAgainUnderTheSameIdentity"],
    "makes_an_identity_for_each_call": ["IdentityIsTheSameOnEveryCall"],
    "uses_the_account_of_another": ["ACustomerWithoutAccountIsNoLoss"],
    "sends_with_the_accounts_of_the_start": ["DeliversForAnAccountThatAReloadAdded", "EveryOneOfManyAttemptsEndsOnce"],
    "says_another_channel": ["HandsInWhatThePeerHas"],
    "makes_a_key_of_the_bytes": ["TwoMessagesOfTheSameBytesAreTwo"],
    "makes_a_key_for_each_start": ["ACrashAfterTheCommitDoublesNothing"],
    "removes_before_the_commit": ["ACrashBeforeTheCommitLosesNothing", "KeepsThePeersCopyUntilTheIntakeHasAnswered",
                                  "KeepsThePeersCopyWhenTheIntakeRefusesForNow", "ProbeChangesNothing"],
    "removes_what_the_intake_refused": ["KeepsThePeersCopyWhenTheIntakeRefusesForNow"],
    "writes_its_cursor_before_the_commit": ["ACrashBeforeTheCommitLosesNothing"],
    "picks_up_with_the_accounts_of_the_start": ["LeavesAnAccountThatAReloadRemovedAlone", "PicksUpForAnAccountThatAReloadAdded"],
    "never_forgets_an_account": ["LeavesAnAccountThatAReloadRemovedAlone"],
    "goes_on_after_stop": ["TouchesNothingAfterStop"],
    "leaves_a_lock_behind": ["AnotherTakesOverAfterStop"],
    "works_when_it_is_made": ["MakingAChannelTouchesNothing"],
    "sends_when_it_probes": ["ProbeChangesNothing"],
    "is_never_up": ["IsUpBetweenStartAndStop"],
    "has_a_table_with_a_hole": ["ItsTablesAreWhole"],
    "refuses_a_good_configuration": ["ItsOwnCheckTakesAGoodConfiguration"],
    "logs_a_secret": ["NoSecretIsSeen"],
}


def run(mistake, *arguments, patience=2):
    environment = dict(os.environ, SLUIS_MISTAKE=mistake, SLUIS_PATIENCE=str(patience))
    return subprocess.run([MODEL, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)


def failures(mistake, patience=2):
    """The tests that failed, and what was printed. One that ends the process has failed, and the rest is run without it."""
    failed, printed, filters = set(), "", []
    while True:
        done = run(mistake, "--gtest_filter=-" + ":".join(filters), patience=patience)
        printed += done.stdout + done.stderr
        failed |= set(re.findall(r"^\[  FAILED  \] ModelConformance\.(\w+) \(", done.stdout, re.M))
        if done.returncode >= 0:
            return sorted(failed), printed
        last = re.findall(r"^\[ RUN      \] ModelConformance\.(\w+)", done.stdout, re.M)[-1]
        failed.add(last)
        filters.append("*." + last)


class Mistakes(unittest.TestCase):
    def test_each_is_caught_by_exactly_the_named_tests(self):
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            for mistake, (failed, printed) in zip(CAUGHT_BY, pool.map(failures, CAUGHT_BY)):
                with self.subTest(mistake):
                    if failed != CAUGHT_BY[mistake]:   # a busy machine makes good tests wait too long: once more, alone, with patience
                        failed, printed = failures(mistake, patience=10)
                    self.assertEqual(failed, CAUGHT_BY[mistake], printed[-4000:] if failed != CAUGHT_BY[mistake] else "")

    def test_every_test_of_the_suite_catches_something(self):
        names = re.findall(r"^  (\w+)$", run("none", "--gtest_list_tests").stdout, re.M)
        self.assertGreater(len(names), 20)
        self.assertEqual(sorted(set(names) - {test for tests in CAUGHT_BY.values() for test in tests}), [])


if __name__ == "__main__":
    unittest.main()
