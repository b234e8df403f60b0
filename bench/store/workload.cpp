#include "bench/store/workload.h"

#include <fmt/format.h>

#include <utility>

#include "core/runtime/digest.h"

namespace sluis::bench {

namespace {
constexpr std::string_view parties = "8712345678906|DOUANE";
}

Workload::Workload(const Clock& clock, std::size_t body_octets, std::string channel)
    : clock_(clock), body_(body_octets, 'x'), channel_(std::move(channel)) {}

std::string Workload::digits(std::uint64_t number) {
  return fmt::format("{:010}", number);
}

std::string Workload::customer(std::uint64_t number) {
  return fmt::format("customer-{:03}", number % customers);
}

Accept Workload::accept(std::uint64_t number) {
  const std::string own = digits(number);
  const WallTime now = clock_.wall();
  Accept accept;
  Message& message = accept.message;
  message.id = ids_.next();
  message.received_at = now;
  message.from = "drop";
  message.customer = customer(number);
  message.attributes = {{"kind", "submission"},
                        {"flow", "douane/uitvoer"},
                        {"authority", "Douane"},
                        {"file.name", own + ".edi"},
                        {"edifact.unb.sender", "8712345678906"},
                        {"edifact.unb.recipient", "DOUANE"},
                        {"edifact.unh.type", "CUSDEC"},
                        {"reference", own}};
  Part part;
  part.media_type = "application/EDIFACT";
  part.file_name = own + ".edi";
  if (body_.size() >= own.size()) body_.replace(0, own.size(), own);
  part.content = Content::inline_of(body_);
  const std::string content = to_hex(part.content.sha256);
  message.parts.push_back(std::move(part));

  accept.dedupe = DedupeKey{"file " + own};
  accept.business = {{"content/" + content, DuplicateRule::hold},
                     {fmt::format("reference/unb\x1f{}\x1f{}", parties, own), DuplicateRule::hold}};
  accept.references = {{"unb", std::string(parties), own}};
  accept.timeline = {{now, "accepted", std::nullopt, fmt::format("{}.edi from drop, {} octets", own, body_.size()), {}},
                     {now,
                      "routed",
                      std::nullopt,
                      "route \"export declarations to Customs\" to " + channel_,
                      {{"route", "export declarations to Customs"}}}};
  NewDelivery made;
  made.destination = {channel_, message.customer, "uitvoer@douane.example"};
  made.customer = message.customer;
  made.route = "export declarations to Customs";
  made.policy = "customs";
  made.identity.value = fmt::format("{}@gateway.example", own);
  made.identity.references = {{"message-id", "", own + "@gateway.example"}};
  made.due_at = now;
  made.wakeups = {{now + std::chrono::hours{24 * 30}, WakeupKind::expire, 0}};
  accept.deliveries.push_back(std::move(made));
  return accept;
}

Finish Workload::finish(DeliveryId delivery, int attempt, std::uint64_t number) const {
  Finish finish;
  finish.delivery = delivery;
  finish.attempt = attempt;
  finish.at = clock_.wall();
  finish.next = DeliveryState::delivered;
  finish.receipt = Receipt{"250 2.0.0 Ok: queued as 4" + digits(number), {{"peer", "127.0.0.1:587"}, {"tls", "1.3"}}};
  finish.learned = {{"queue-id", channel_, "4" + digits(number)}};
  return finish;
}

}  // namespace sluis::bench
