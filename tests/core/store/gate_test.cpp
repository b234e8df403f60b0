// Gates: opened by the answer that brings what they wait for, whichever of the two commits first.
#include "tests/core/store/store_test.h"

namespace sluis::test {

namespace {

Gate waits_for_acceptance(const MessageId& of) {
  return {Gate::OpenedBy::acceptance, of, {}};
}
Gate waits_for(const std::string& name, const MessageId& of) {
  return {Gate::OpenedBy::attribute, of, name};
}

Accept answer_to(Accept answer, const MessageId& question, Attributes attributes) {
  answer.message.in_reply_to = question;
  answer.message.attributes = std::move(attributes);
  return answer;
}

}  // namespace

MessageId StoreGates::question() {
  const Accept asked = accepting();
  get<AcceptDone>(asked);
  return asked.message.id;
}

DeliveryId StoreGates::behind(std::vector<Gate> gates) {
  NewDelivery gated = to("out");
  gated.gates = std::move(gates);
  return queue(gated);
}

TEST_P(StoreGates, AreOpenedEachByTheAnswerThatBringsWhatTheyWaitFor) {
  const MessageId asked = question();
  const DeliveryId id = behind({waits_for("mrn", asked), waits_for_acceptance(asked)});
  EXPECT_EQ(state(id), DeliveryState::blocked);
  get<AcceptDone>(answer_to(accepting(), asked, {{"mrn", "26NL1"}}));
  EXPECT_EQ(state(id), DeliveryState::blocked);
  EXPECT_EQ(delivery(id).gates, std::vector<Gate>{waits_for_acceptance(asked)});
  get<AcceptDone>(answer_to(accepting(), asked, {{"answer", "refused"}}));
  EXPECT_EQ(state(id), DeliveryState::blocked);
  get<AcceptDone>(answer_to(accepting(), asked, {{"answer", "accepted"}}));
  EXPECT_EQ(state(id), DeliveryState::queued);
}

// The answer commits while the message that waits for it is being planned: whoever comes second sees the first.
TEST_P(StoreGates, AreOpenFromTheStartWhenTheAnswerCommittedFirst) {
  const MessageId asked = question();
  get<AcceptDone>(answer_to(accepting(), asked, {{"mrn", "26NL1"}, {"answer", "accepted"}}));
  const DeliveryId id = behind({waits_for("mrn", asked), waits_for_acceptance(asked)});
  EXPECT_EQ(state(id), DeliveryState::queued);
  EXPECT_TRUE(delivery(id).gates.empty());
}

TEST_P(StoreGates, AreOpenedInOneBatchByWhatComesBeforeAndAfter) {
  const MessageId asked = question();
  std::vector<Command> together;
  Accept early = accepting(), late = accepting();
  for (Accept* waiting : {&early, &late}) {
    waiting->deliveries = {to("out")};
    waiting->deliveries[0].gates = {waits_for("mrn", asked)};
  }
  together.emplace_back(early);
  together.emplace_back(answer_to(accepting(), asked, {{"mrn", "26NL1"}}));
  together.emplace_back(late);
  std::size_t done = 0;
  for (Command& command : together)
    store().submit(std::move(command), [&](CommandResult result) { done += result.ok() ? 1 : 0; });
  harness_->pump();
  ASSERT_EQ(done, 3U);
  for (const Accept* waiting : {&early, &late})
    EXPECT_EQ(stored(waiting->message.id).deliveries.at(0).state, DeliveryState::queued);
}

TEST_P(StoreGates, AreNotOpenedByASubmissionNorByWhatTheGatewayMade) {
  const MessageId asked = question();
  const DeliveryId id = behind({waits_for("mrn", asked)});
  get<AcceptDone>(answer_to(accepting(), asked, {{"mrn", "26NL1"}, {"kind", "submission"}}));
  Accept report = answer_to(accepting(), asked, {{"mrn", "26NL1"}});
  report.message.from.clear();
  get<AcceptDone>(report);
  get<AcceptDone>(answer_to(accepting(), question(), {{"mrn", "26NL1"}}));
  EXPECT_EQ(state(id), DeliveryState::blocked);
}

TEST_P(StoreGates, OnlyAnOperatorOpensTheOperators) {
  const MessageId asked = question();
  const DeliveryId id = behind({{Gate::OpenedBy::operator_only, asked, {}}});
  get<AcceptDone>(answer_to(accepting(), asked, {{"answer", "accepted"}}));
  EXPECT_EQ(state(id), DeliveryState::blocked);
  get<Operated>(operation<Operate::OpenGate>(id));
  EXPECT_EQ(state(id), DeliveryState::queued);
}

}  // namespace sluis::test
