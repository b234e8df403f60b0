#include "core/delivery/escalation.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "core/delivery/new_delivery.h"

namespace sluis {

std::string fill_escalation_text(std::string_view text, const DeliveryRecord& record) {
  const Message& message = *record.delivery.message;
  const std::pair<std::string_view, std::string> words[] = {
      {"{message}", message.id.text()},
      {"{flow}", std::string(message.attributes.get(attribute::flow))},
      {"{customer}", message.customer},
      {"{reference}", std::string(message.attributes.get(attribute::reference))},
      {"{since}", to_rfc3339(message.received_at)},
      {"{reason}", record.reason},
  };
  std::string out;
  // One pass: a value that happens to hold braces is not filled in again.
  while (!text.empty()) {
    const auto brace = text.find('{');
    out += text.substr(0, brace);
    if (brace == std::string_view::npos) break;
    text.remove_prefix(brace);
    bool filled = false;
    for (const auto& [word, value] : words)
      if (text.starts_with(word)) {
        out += value;
        text.remove_prefix(word.size());
        filled = true;
        break;
      }
    if (!filled) {
      out += '{';
      text.remove_prefix(1);
    }
  }
  return out;
}

Result<Accept> escalation_notice(const DueWakeup& wakeup, const EscalationStep& step, const NoticeContext& context) {
  const DeliveryRecord& record = wakeup.delivery;
  const Message& original = *record.delivery.message;
  const auto channel = context.channels.find(step.to);
  const auto config = context.generation.channels.find(step.to);
  if (channel == nullptr || config == context.generation.channels.end())
    return Error{"escalation.channel", fmt::format("escalation of delivery {} goes to channel {}, which is not there",
                                                   number(wakeup.key.delivery), step.to)};
  const auto environment = original.attributes.find(attribute::environment);
  if (environment && *environment != to_string(config->second.environment))
    return Error{"escalation.environment", fmt::format("channel {} is {}, and the message is {}", step.to,
                                                       to_string(config->second.environment), *environment)};

  auto message =
      std::make_shared<Message>(derived_message(original, context.id, "notice", flow::notice, context.now.wall));
  std::string text = fill_escalation_text(step.text, record);
  text.resize(std::min<std::size_t>(text.size(), inline_content_limit));
  message->parts.push_back({PartRole::payload, "text/plain; charset=utf-8", original.id.text() + ".txt",
                            Content::inline_of(std::move(text))});
  if (step.with_original)
    for (Part part : original.parts) {
      part.role = PartRole::attachment;
      message->parts.push_back(std::move(part));
    }

  PlannedDelivery planned;
  planned.destination = {step.to, account_on(context.generation, step.to, original.customer), step.address};
  planned.route = "escalation";

  Accept accept;
  accept.dedupe = DedupeKey{fmt::format("escalation/{}/{}", number(wakeup.key.delivery), wakeup.key.step)};
  NewDelivery delivery =
      make_delivery(message, planned, context.generation.policy("default"), *channel, Owes::nothing, context.now);
  delivery.lane = fmt::format("escalation/{}", number(wakeup.key.delivery));
  accept.deliveries.push_back(std::move(delivery));
  accept.timeline.push_back(
      {context.now.wall,
       "accepted",
       std::nullopt,
       fmt::format("notice of escalation step {} of message {}", wakeup.key.step + 1, original.id.text()),
       {}});
  accept.message = std::move(*message);
  accept.consumes = wakeup.key;
  return accept;
}

}  // namespace sluis
