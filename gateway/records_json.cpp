#include "gateway/records_json.h"

namespace sluis::gateway {

Json to_json(const Attributes& attributes) {
  Json out = Json::object();
  for (const auto& [name, value] : attributes) out[name] = value;
  return out;
}

Json to_json(const Part& part) {
  return {{"role", to_string(part.role)}, {"media_type", part.media_type}, {"file_name", part.file_name}, {"size", part.content.size},
          {"sha256", to_hex(part.content.sha256)}};
}

Json to_json(const DeliveryRecord& r) {
  // `deferred` is what screens call queued after an attempt (DESIGN §2).
  const bool deferred = r.state == DeliveryState::queued && r.delivery.attempt > 0;
  Json out = {{"delivery", number(r.delivery.id)}, {"message", r.message.text()}, {"state", to_string(r.state)}, {"deferred", deferred},
              {"channel", r.delivery.destination.channel}, {"account", r.delivery.destination.account},
              {"address", r.delivery.destination.address}, {"customer", r.delivery.customer}, {"route", r.delivery.route},
              {"policy", r.delivery.policy}, {"identity", r.delivery.identity.value}, {"attempt", r.delivery.attempt},
              {"in_doubt", r.delivery.in_doubt}, {"reason", r.reason}, {"due_at", to_rfc3339(r.due_at)},
              {"changed_at", to_rfc3339(r.changed_at)}};
  if (!r.lane.empty()) out["lane"] = r.lane;
  if (r.behind) out["behind"] = number(*r.behind);
  for (const Gate& gate : r.gates) out["gates"].push_back(gate.text());
  if (r.lane_closed) out["lane_closed"] = true;
  if (r.resent_as) out["resent_as"] = number(*r.resent_as);
  if (r.resend_of) out["resend_of"] = number(*r.resend_of);
  if (r.receipt) out["receipt"] = {{"text", r.receipt->text}, {"details", to_json(r.receipt->details)}};
  return out;
}

Json to_json(const MessageRecord& r) {
  Json out = {{"message", r.message.id.text()}, {"received_at", to_rfc3339(r.message.received_at)}, {"from", r.message.from},
              {"customer", r.message.customer}, {"attributes", to_json(r.message.attributes)}, {"parts", Json::array()},
              {"deliveries", Json::array()}};
  if (r.message.in_reply_to) out["in_reply_to"] = r.message.in_reply_to->text();
  if (!r.held.empty()) out["held"] = r.held;
  if (r.corrupt) out["corrupt"] = true;
  if (r.purged_bodies) out["purged_bodies"] = true;
  for (const Part& part : r.message.parts) out["parts"].push_back(to_json(part));
  for (const DeliveryRecord& delivery : r.deliveries) out["deliveries"].push_back(to_json(delivery));
  return out;
}

Json to_json(const TimelineRecord& r) {
  Json out = {{"seq", r.seq}, {"at", to_rfc3339(r.entry.at)}, {"event", r.entry.event}, {"text", r.entry.text}};
  if (r.entry.delivery) out["delivery"] = number(*r.entry.delivery);
  if (!r.entry.details.empty()) out["details"] = to_json(r.entry.details);
  out["chain"] = to_hex(r.chain);
  return out;
}

Json to_json(const Tombstone& r) {
  return {{"message", r.message.text()}, {"purged_at", to_rfc3339(r.at)}, {"entries", r.entries}, {"chain", to_hex(r.chain)}};
}

Json to_json(const IncidentRecord& r) {
  Json out = {{"id", r.id}, {"key", r.last.key}, {"severity", to_string(r.last.severity)}, {"text", r.last.text},
              {"channel", r.last.channel}, {"customer", r.last.customer}, {"opened_at", to_rfc3339(r.opened_at)}, {"count", r.count}};
  if (r.last.message) out["message"] = r.last.message->text();
  if (r.closed_at) out["closed_at"] = to_rfc3339(*r.closed_at);
  return out;
}

Json to_json(const VerifyReport& r) {
  Json out = {{"messages", r.messages}, {"entries", r.entries}, {"tombstones", r.tombstones}, {"seals", r.seals}, {"findings", Json::array()}};
  for (const VerifyFinding& finding : r.findings) out["findings"].push_back({{"where", finding.where}, {"what", finding.what}});
  return out;
}

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

}  // namespace sluis::gateway
