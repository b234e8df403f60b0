#include "adapters/http/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "adapters/http/views.h"
#include "core/message/attributes.h"
#include "core/runtime/base64.h"
#include "core/runtime/digest.h"

namespace sluis::http {

namespace {

constexpr Duration longest_wait = std::chrono::hours{24};
constexpr std::size_t longest_quote = 200;

// The beginning of what the other side said, for people: one line, printable.
std::string quote(std::string_view body) {
  std::string out;
  for (const char c : body.substr(0, longest_quote)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return out;
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// IMF-fixdate, RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<WallTime> parse_imf_fixdate(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT") || text[3] != ',' || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  const auto day = digits(text.substr(5, 2)), year = digits(text.substr(12, 4)), hour = digits(text.substr(17, 2)),
             minute = digits(text.substr(20, 2)), second = digits(text.substr(23, 2));
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month == months.end()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second};
}

Retry retry(std::string_view code, std::string_view what, std::optional<Duration> not_before, bool in_doubt) {
  Retry out;
  out.scope = Retry::Scope::account;  // the customer's server, not the channel: other customers' webhooks go on
  out.reason = Error{code, what};
  out.not_before = not_before;
  out.in_doubt = in_doubt;
  return out;
}

}  // namespace

WebhookBody envelope(const Delivery& delivery, std::string_view path, std::string_view report) {
  Json data = answer_json(delivery.id, *delivery.message, DeliveryState::sending, path);
  data.erase("state");  // it is about to change
  const bool is_report = delivery.message->attributes.get(attribute::kind) == "report";
  if (is_report && !report.empty())
    if (Json said = Json::parse(report, nullptr, false); !said.is_discarded()) data["report"] = std::move(said);
  const Json out = {{"type", is_report ? "report" : "answer.available"},
                    {"timestamp", to_rfc3339(delivery.message->received_at)},
                    {"data", std::move(data)}};
  return {"application/json", out.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

std::string webhook_signature(std::string_view key, std::string_view id, std::string_view timestamp,
                              std::string_view body) {
  std::string text;
  text.reserve(id.size() + timestamp.size() + body.size() + 2);
  ((((text += id) += '.') += timestamp) += '.') += body;
  const Sha256 mac = hmac_sha256(key, text);
  return "v1," + base64_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string webhook_id(const Delivery& delivery) {
  if (!delivery.identity.value.empty()) return delivery.identity.value;
  return fmt::format("msg_{}", number(delivery.id));
}

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
  if (text.empty()) return std::nullopt;
  if (const auto seconds = digits(text); seconds && *seconds >= 0)
    return std::min<Duration>(std::chrono::seconds{*seconds}, longest_wait);
  if (const auto at = parse_imf_fixdate(text)) return std::clamp<Duration>(*at - now, Duration::zero(), longest_wait);
  return std::nullopt;
}

Verdict verdict_of(const net::http::ClientResult& result, const net::http::Headers& headers, std::string_view body,
                   WallTime now) {
  if (result.verdict != net::http::Verdict::answered) {
    const Error error = result.error.value_or(Error{"http.webhook", "no answer"});
    return retry(error.code, error.what, std::nullopt, result.verdict == net::http::Verdict::in_doubt);
  }
  const int status = result.status;
  const std::string said = fmt::format("HTTP {} {}", status, quote(body));
  if (status >= 200 && status < 300) {
    Delivered delivered;
    delivered.receipt.text = fmt::format("HTTP {}", status);
    if (result.tls) {
      delivered.receipt.details.set("tls", result.tls->version);
      if (result.tls->peer) delivered.receipt.details.set("certificate", result.tls->peer->sha256);
    }
    return delivered;
  }
  switch (status) {
    case 400:
    case 409:
    case 410:
    case 413:
    case 415:
    case 422:  // about this message, and final
      return Rejected{std::to_string(status), said};
    case 408:
    case 425: {  // about this request; the next may do better
      Retry later = retry("webhook.later", said, parse_retry_after(headers.get("Retry-After"), now), false);
      later.scope = Retry::Scope::message;
      return later;
    }
    case 429: return retry("webhook.later", said, parse_retry_after(headers.get("Retry-After"), now), false);
    default: break;
  }
  if (status >= 500) return retry("webhook.failed", said, parse_retry_after(headers.get("Retry-After"), now), false);
  // 3xx, 401, 403, 404 and the rest: the address or its rights are wrong, and somebody must mend that.
  return Held{fmt::format("the webhook answered {}; mend the address or its rights, then release", said)};
}

}  // namespace sluis::http
