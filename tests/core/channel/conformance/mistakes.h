// The mistakes that the model channel can make, one at a time: what each test of the suite is there to catch.
#pragma once

#include <array>
#include <string_view>

namespace sluis::conformance::tests {

enum class Mistake {
  none,
  finishes_a_cancelled_attempt_twice,
  drops_an_attempt_after_stop,
  blocks_the_loop,
  stops_late,
  sends_the_tenth_twice,
  gives_no_receipt,
  takes_a_final_no_for_a_temporary_one,
  takes_a_temporary_no_for_the_account,
  takes_a_refused_login_for_the_message,
  takes_a_closed_office_for_the_message,
  goes_on_where_a_human_must_look,
  sees_no_doubt,
  makes_an_identity_for_each_attempt,
  makes_an_identity_for_each_call,
  uses_the_account_of_another,
  sends_with_the_accounts_of_the_start,
  says_another_channel,
  makes_a_key_of_the_bytes,
  makes_a_key_for_each_start,
  removes_before_the_commit,
  removes_what_the_intake_refused,
  writes_its_cursor_before_the_commit,
  picks_up_with_the_accounts_of_the_start,
  never_forgets_an_account,
  goes_on_after_stop,
  leaves_a_lock_behind,
  works_when_it_is_made,
  sends_when_it_probes,
  is_never_up,
  has_a_table_with_a_hole,
  refuses_a_good_configuration,
  logs_a_secret
};

inline constexpr std::array<std::string_view, 33> mistake_names{"none",
                                                                "finishes_a_cancelled_attempt_twice",
                                                                "drops_an_attempt_after_stop",
                                                                "blocks_the_loop",
                                                                "stops_late",
                                                                "sends_the_tenth_twice",
                                                                "gives_no_receipt",
                                                                "takes_a_final_no_for_a_temporary_one",
                                                                "takes_a_temporary_no_for_the_account",
                                                                "takes_a_refused_login_for_the_message",
                                                                "takes_a_closed_office_for_the_message",
                                                                "goes_on_where_a_human_must_look",
                                                                "sees_no_doubt",
                                                                "makes_an_identity_for_each_attempt",
                                                                "makes_an_identity_for_each_call",
                                                                "uses_the_account_of_another",
                                                                "sends_with_the_accounts_of_the_start",
                                                                "says_another_channel",
                                                                "makes_a_key_of_the_bytes",
                                                                "makes_a_key_for_each_start",
                                                                "removes_before_the_commit",
                                                                "removes_what_the_intake_refused",
                                                                "writes_its_cursor_before_the_commit",
                                                                "picks_up_with_the_accounts_of_the_start",
                                                                "never_forgets_an_account",
                                                                "goes_on_after_stop",
                                                                "leaves_a_lock_behind",
                                                                "works_when_it_is_made",
                                                                "sends_when_it_probes",
                                                                "is_never_up",
                                                                "has_a_table_with_a_hole",
                                                                "refuses_a_good_configuration",
                                                                "logs_a_secret"};

}  // namespace sluis::conformance::tests
