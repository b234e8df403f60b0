#include "adapters/http/views.h"

#include <fmt/format.h>

#include "core/message/attributes.h"
#include "core/runtime/digest.h"

namespace sluis::http {

namespace {

void put(Json& json, const char* name, std::string_view value) {
  if (!value.empty()) json[name] = value;
}

Json parts_json(const Message& message, std::string_view collection) {
  Json out = Json::array();
  std::size_t number = 0;
  for (const Part& part : message.parts) {
    Json one = {{"number", ++number}, {"role", to_string(part.role)}, {"media_type", part.media_type}};
    put(one, "file_name", part.file_name);
    one["size"] = part.content.size;
    one["sha256"] = to_hex(part.content.sha256);
    one["href"] = fmt::format("{}/parts/{}", collection, number);
    out.push_back(std::move(one));
  }
  return out;
}

void put_what_it_is(Json& json, const Message& message) {
  put(json, "kind", message.attributes.get(attribute::kind));
  put(json, "flow", message.attributes.get(attribute::flow));
  put(json, "reference", message.attributes.get(attribute::reference));
  if (message.in_reply_to) json["in_reply_to"] = message.in_reply_to->text();
  json["received_at"] = to_rfc3339(message.received_at);
}

Json delivery_json(const Messages::OneDelivery& delivery) {
  Json out = {{"delivery", number(delivery.id)},
              {"state", to_string(delivery.state)},
              {"channel", delivery.destination.channel}};
  put(out, "address", delivery.destination.address);
  out["attempts"] = delivery.attempts;
  put(out, "reason", delivery.reason);
  if (delivery.receipt) put(out, "receipt", delivery.receipt->text);
  out["changed_at"] = to_rfc3339(delivery.changed_at);
  return out;
}

}  // namespace

Json message_json(const Messages::OneMessage& one, std::string_view path) {
  const Message& message = one.message;
  const std::string href = fmt::format("{}/messages/{}", path, message.id.text());
  Json out = {{"message", message.id.text()}, {"href", href}};
  put_what_it_is(out, message);
  put(out, "from", message.from);
  put(out, "held", one.held);
  if (one.purged_bodies) out["purged_bodies"] = true;
  out["parts"] = parts_json(message, href);
  out["deliveries"] = Json::array();
  for (const auto& delivery : one.deliveries) out["deliveries"].push_back(delivery_json(delivery));
  return out;
}

Json message_details_json(const Messages::OneMessage& one, std::string_view path) {
  Json out = message_json(one, path);
  out["replies"] = Json::array();
  for (const MessageId& reply : one.replies)
    out["replies"].push_back({{"message", reply.text()}, {"href", fmt::format("{}/messages/{}", path, reply.text())}});
  out["timeline"] = Json::array();
  for (const auto& event : one.timeline) {
    Json line = {{"at", to_rfc3339(event.at)}, {"event", event.event}, {"text", event.text}};
    if (event.delivery) line["delivery"] = number(*event.delivery);
    out["timeline"].push_back(std::move(line));
  }
  return out;
}

Json answer_json(DeliveryId delivery, const Message& message, DeliveryState state, std::string_view path) {
  const std::string href = fmt::format("{}/answers/{}", path, number(delivery));
  Json out = {{"answer", std::to_string(number(delivery))},
              {"href", href},
              {"message", message.id.text()},
              {"state", to_string(state)}};
  put_what_it_is(out, message);
  out["parts"] = parts_json(message, href);
  return out;
}

net::http::Response json_response(int status, const Json& json) {
  net::http::Response out;
  out.status = status;
  out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  out.body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  out.compress = true;
  return out;
}

}  // namespace sluis::http
