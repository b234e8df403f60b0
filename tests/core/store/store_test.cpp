#include "tests/core/store/store_test.h"

namespace sluis::test {

CommandResult StoreTest::run(Command command) {
  std::optional<CommandResult> answer;
  store().submit(std::move(command), [&answer](CommandResult result) { answer = std::move(result); });
  harness_->pump();
  if (!answer) return Error{"test.unanswered", "the command was not answered"};
  return std::move(*answer);
}

Message StoreTest::message(std::string_view text, std::string_view from, std::string_view customer) {
  Message made;
  made.id = ids_.next();
  made.received_at = clock_.wall();
  made.from = from;
  made.customer = customer;
  made.attributes.set(attribute::flow, "douane/uitvoer");
  Part part;
  part.media_type = "text/plain";
  part.file_name = "a.txt";
  part.content = Content::inline_of(std::string(text));
  made.parts.push_back(std::move(part));
  return made;
}

NewDelivery StoreTest::to(std::string_view channel, std::string_view customer, std::string_view ref) {
  NewDelivery made;
  made.destination = {std::string(channel), std::string(customer), "box@mail.example"};
  made.customer = customer;
  made.route = "the route";
  made.policy = "default";
  made.options.set("subject", "one");
  made.due_at = clock_.wall();
  if (!ref.empty()) {
    made.identity.value = ref;
    made.identity.references.push_back(reference(ref));
  }
  return made;
}

Accept StoreTest::accepting(std::vector<NewDelivery> deliveries, std::string_view text) {
  Accept accept;
  accept.message = message(text);
  accept.deliveries = std::move(deliveries);
  return accept;
}

DeliveryId StoreTest::queue(NewDelivery made) {
  const auto done = get<AcceptDone>(accepting({std::move(made)}));
  return done.deliveries.empty() ? DeliveryId{} : done.deliveries.front();
}

Finished StoreTest::finish(DeliveryId id, DeliveryState next, int number_of_attempt) {
  Finish finish;
  finish.delivery = id;
  finish.attempt = number_of_attempt;
  finish.at = clock_.wall();
  finish.next = next;
  finish.due_at = clock_.wall() + std::chrono::minutes{1};
  finish.reason = "250 2.0.0 Ok";
  return get<Finished>(std::move(finish));
}

Finished StoreTest::attempt(DeliveryId id, DeliveryState next) {
  const Begun begun = begin(id);
  return finish(id, next, begun.attempt);
}

Settlement StoreTest::settlement(std::string_view ref, bool delivered) {
  if (delivered) return {reference(ref), Delivered{{"it has come", {}}}};
  return {reference(ref), Rejected{"550 5.1.1", "no such box"}};
}

std::unique_ptr<Reader> StoreTest::reader(Duration deadline) {
  auto opened = store().read(deadline);
  EXPECT_TRUE(opened.ok());
  return std::move(opened).value();
}

DeliveryRecord StoreTest::delivery(DeliveryId id) {
  auto found = reader()->delivery(id);
  EXPECT_TRUE(found.ok() && found.value().has_value()) << "delivery " << number(id);
  if (!found.ok() || !found.value()) return {};
  return std::move(*std::move(found).value());
}

MessageRecord StoreTest::stored(const MessageId& id) {
  auto found = reader()->message(id);
  EXPECT_TRUE(found.ok() && found.value().has_value());
  if (!found.ok() || !found.value()) return {};
  return std::move(*std::move(found).value());
}

std::vector<std::string> StoreTest::events(const MessageId& id) {
  std::vector<std::string> names;
  const auto records = reader()->timeline(id).value();
  for (const TimelineRecord& record : records) names.push_back(record.entry.event);
  return names;
}

std::vector<DeliveryId> StoreTest::claim(std::size_t free, std::size_t per_customer, std::vector<std::string> closed) {
  Holds holds;
  holds.channels.push_back({"out", free, per_customer, std::move(closed)});
  std::vector<DeliveryId> ids;
  const auto claims = store().claim(holds, clock_.wall()).value();
  for (const Claim& claimed : claims) ids.push_back(claimed.record.delivery.id);
  return ids;
}

std::vector<VerifyFinding> StoreTest::findings(const std::vector<std::string>& lines) {
  auto report = reader()->verify(lines);
  EXPECT_TRUE(report.ok());
  return report.ok() ? report.value().findings : std::vector<VerifyFinding>{{"verify", report.error().what}};
}

std::string StoreTest::text_of(const Content& content) {
  Content by_handle = content;
  by_handle.bytes.reset();
  auto bytes = store().read_all(by_handle, 64ULL << 20U);
  return bytes.ok() ? bytes.value() : "error " + bytes.error().code;
}

}  // namespace sluis::test
