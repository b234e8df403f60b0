#include "adapters/http/webhook_sender.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <utility>

#include "adapters/http/settings.h"
#include "adapters/http/webhook.h"
#include "core/message/attributes.h"
#include "core/net/event_loop.h"

namespace sluis::http {

namespace {

// A message above it is told of by an envelope: what is signed is in memory as a whole.
constexpr std::uint64_t largest_content = 8 * 1024 * 1024;

std::string seconds_since_epoch(WallTime at) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

}  // namespace

PendingAttempt::~PendingAttempt() {
  if (finished_) return;
  Retry retry;
  retry.reason = Error{"channel.stopping", "the channel is stopping"};
  attempt_.finish(Outcome{std::move(retry), {}, {}});
}

void PendingAttempt::finish(Verdict verdict) {
  finished_ = true;
  attempt_.finish(Outcome{std::move(verdict), {}, {}});
}

WebhookSender::WebhookSender(const ChannelConfig& config, ChannelContext& context)
    : config_(config), context_(context), path_(config.settings.text("path")) {}

Status WebhookSender::start() {
  const Network network = context_.network();
  if (network.loops == nullptr || network.resolver == nullptr)
    return {};  // a test without a network: nothing is posted
  net::TlsSettings trust;
  trust.ca_file = config_.settings.text("webhook.ca");
  auto tls = net::TlsContext::make(trust);
  if (!tls) return tls.error().in("webhook.ca");
  tls_ = std::move(*tls);
  net::http::HttpClientSettings settings;
  settings.name = config_.name;
  settings.tls = tls_;
  settings.user_agent = fmt::format("sluis/{}", context_.gateway());
  settings.log = context_.log();
  client_ = std::make_unique<net::http::HttpClient>(network.loops->next(), *network.resolver, std::move(settings));
  return {};
}

void WebhookSender::deliver(Attempt attempt, std::shared_ptr<const Account> account) {
  const auto pending = std::make_shared<PendingAttempt>(std::move(attempt));  // shared: a task is copied
  // Refused or dropped, it goes here and says so.
  static_cast<void>(pool_.post(
      [self = shared_from_this(), pending, account = std::move(account)] { self->send(pending, *account); }));
}

void WebhookSender::send(const std::shared_ptr<PendingAttempt>& attempt, const Account& account) {
  if (client_ == nullptr || attempt->cancelled()) return;
  const Delivery& delivery = attempt->delivery();
  const auto url = net::http::Url::parse(account.settings.text("webhook.url"));
  const Secret secret = account.settings.secret("webhook.secret");
  const auto key = parse_webhook_secret(secret.reveal());
  if (!url || !key) return attempt->finish(Held{"the account's webhook has no address or no secret that can be used"});

  const Part* payload = delivery.message->payload();
  const bool small_report = payload != nullptr && delivery.message->attributes.get(attribute::kind) == "report" &&
                            payload->content.size <= inline_content_limit;
  const bool as_content = payload != nullptr && account.settings.text("webhook.body") == "content" &&
                          payload->content.size <= largest_content;
  std::string bytes;
  if (small_report || as_content) {
    auto read = context_.content().read_all(payload->content, largest_content);
    if (!read) return attempt->finish(Held{fmt::format("the content cannot be read: {}", read.error().what)});
    bytes = std::move(*read);
  }
  WebhookBody body = as_content ? WebhookBody{payload->media_type, std::move(bytes)} : envelope(delivery, path_, bytes);
  if (!net::http::is_field_value(body.media_type) || body.media_type.empty())
    body.media_type = "application/octet-stream";

  const std::string id = webhook_id(delivery), timestamp = seconds_since_epoch(context_.clock().wall());
  net::http::ClientRequest request;
  request.origin = url->origin;
  request.target = url->target;
  request.method = "POST";
  request.headers = {{"Content-Type", body.media_type},
                     {"webhook-id", id},
                     {"webhook-timestamp", timestamp},
                     {"webhook-signature", webhook_signature(*key, id, timestamp, body.bytes)},
                     {"Sluis-Answer", std::to_string(number(delivery.id))},
                     {"Sluis-Message", delivery.message->id.text()}};
  if (const auto flow = delivery.message->attributes.get(attribute::flow);
      !flow.empty() && net::http::is_field_value(flow))
    request.headers.add("Sluis-Flow", flow);
  request.body = std::move(body.bytes);
  request.most_body = 64 * 1024;  // an answer says yes or no; more is not read
  request.timeouts.response = config_.settings.duration("webhook.timeout");
  request.timeouts.total = config_.settings.duration("webhook.timeout") + 30s;
  // What runs on the client's loop outlives no stop(): the client is stopped before this goes.
  client_->fetch(std::move(request), [attempt, &clock = context_.clock()](const net::http::Fetched& fetched) {
    attempt->finish(verdict_of(fetched.result, fetched.response.headers, fetched.response.body, clock.wall()));
  });
}

void WebhookSender::stop(Duration most) {
  pool_.stop();
  if (client_ == nullptr) return;
  const auto stopped = std::make_shared<std::promise<void>>();  // shared with the callback, which may come late
  client_->stop([stopped] { stopped->set_value(); });
  stopped->get_future().wait_for(std::max<Duration>(most, 1s));
}

}  // namespace sluis::http
