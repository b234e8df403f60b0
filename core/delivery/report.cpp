#include "core/delivery/report.h"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/delivery/new_delivery.h"

namespace sluis {

std::string report_json(const DeliveryRecord& record, DeliveryState state) {
  const Message& message = *record.delivery.message;
  nlohmann::ordered_json json;
  const auto put = [&](const char* name, std::string_view value) {
    if (!value.empty()) json[name] = value;
  };
  put("message", message.id.text());
  json["delivery"] = number(record.delivery.id);
  put("customer", message.customer);
  put("flow", message.attributes.get(attribute::flow));
  put("reference", message.attributes.get(attribute::reference));
  if (const Part* payload = message.payload()) put("file", payload->file_name);
  put("state", to_string(state));
  // The record is as it is now; its reason belongs to the state it has.
  if (record.state == state) put("reason", record.reason);
  if (record.receipt) put("receipt", record.receipt->text);
  put("at", to_rfc3339(record.changed_at));
  json["attempts"] = record.delivery.attempt;
  put("destination", record.delivery.destination.channel);
  // What a peer said may not be UTF-8; the report must still be JSON.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

Accept report_notice(const DueWakeup& wakeup, const NoticeContext& context) {
  const DeliveryRecord& record = wakeup.delivery;
  const Message& original = *record.delivery.message;
  const auto state = static_cast<DeliveryState>(wakeup.key.step);

  auto message =
      std::make_shared<Message>(derived_message(original, context.id, "report", flow::report, context.now.wall));
  std::string json = report_json(record, state);
  if (json.size() > inline_content_limit) {
    // Only a peer's endless receipt or reason makes it that long, and neither is needed to know the state.
    DeliveryRecord brief = record;
    brief.reason.resize(std::min<std::size_t>(brief.reason.size(), 1024));
    if (brief.receipt) brief.receipt->text.resize(std::min<std::size_t>(brief.receipt->text.size(), 1024));
    json = report_json(brief, state);
  }
  // With the delivery's number: a message to two destinations, or one that is resent, has two reports of one state.
  message->parts.push_back({PartRole::payload, "application/json",
                            fmt::format("{}.{}.{}.json", original.id.text(), number(record.delivery.id), to_string(state)),
                            Content::inline_of(std::move(json))});

  Accept accept;
  accept.dedupe = DedupeKey{fmt::format("report/{}/{}", number(wakeup.key.delivery), to_string(state))};
  accept.consumes = wakeup.key;
  const auto customer = context.generation.customers.find(original.customer);
  if (customer != context.generation.customers.end())
    for (const std::string& name : customer->second->returns_for(original.attributes.get(attribute::flow))) {
      const auto channel = context.channels.find(name);
      const auto config = context.generation.channels.find(name);
      if (channel == nullptr || config == context.generation.channels.end()) continue;
      const auto environment = original.attributes.find(attribute::environment);
      if (environment && *environment != to_string(config->second.environment)) continue;
      PlannedDelivery planned;
      planned.destination = {name, account_on(context.generation, name, original.customer), {}};
      planned.route = "report";
      planned.to_customer = true;
      accept.deliveries.push_back(
          make_delivery(message, planned, context.generation.policy("default"), *channel, Owes::nothing, context.now));
    }
  accept.timeline.push_back({context.now.wall,
                             "accepted",
                             std::nullopt,
                             fmt::format("report: message {} is {}", original.id.text(), to_string(state)),
                             {}});
  accept.message = std::move(*message);
  return accept;
}

}  // namespace sluis
