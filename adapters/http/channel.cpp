#include "adapters/http/channel.h"

#include <fmt/format.h>

#include <utility>

#include "adapters/http/probe.h"

namespace sluis::http {

HttpChannel::HttpChannel(const ChannelConfig& config, ChannelContext& context)
    : config_(config),
      context_(context),
      api_(std::make_shared<Api>(config, context)),
      sender_(std::make_shared<WebhookSender>(config, context)) {}

HttpChannel::~HttpChannel() {
  mount_.reset();
}

Status HttpChannel::start() {
  if (Status started = sender_->start(); !started) return started;
  context_.accounts().on_change([weak = std::weak_ptr<Api>(api_)](const AccountChanges&) {
    if (const auto api = weak.lock()) api->take_accounts();
  });
  api_->take_accounts();
  net::http::Mount mount;
  mount.prefix = config_.settings.text("path");
  mount.most_body = static_cast<std::uint64_t>(config_.settings.integer("max-size"));
  mount.inflate.size = mount.most_body;
  mount.serve = [api = api_](const net::http::Request& request, net::http::Responder responder) {
    return api->serve(request, std::move(responder));
  };
  auto mounted = context_.listeners().mount(config_.settings.text("listener"), std::move(mount));
  if (!mounted) return mounted.error();
  mount_ = std::move(*mounted);
  running_ = true;
  return {};
}

void HttpChannel::stop(MonoTime deadline) {
  running_ = false;
  mount_.reset();
  context_.accounts().on_change({});
  api_->stop(deadline - context_.clock().mono());
  sender_->stop(deadline - context_.clock().mono());
}

Identity HttpChannel::identify(const Delivery& delivery) const {
  // Made once and kept with the delivery: the webhook-id of every try.
  Identity identity;
  identity.value = fmt::format("msg_{}_{}", delivery.message->id.text(), config_.name);
  return identity;
}

void HttpChannel::deliver(Attempt attempt) {
  const auto finish = [&](Verdict verdict) { attempt.finish(Outcome{std::move(verdict), {}, {}}); };
  if (!running_) {
    Retry retry;
    retry.reason = Error{"channel.stopping", "the channel is not running"};
    return finish(std::move(retry));
  }
  auto account = context_.accounts().find(attempt.delivery().destination.account);
  if (account == nullptr)
    return finish(
        Held{fmt::format("customer {} has no account on this channel", attempt.delivery().destination.account)});
  if (!account->settings.text("webhook.url").empty()) return sender_->deliver(std::move(attempt), std::move(account));
  HandedOver waiting;
  waiting.receipt.text = "waits to be fetched";
  waiting.proof_until = context_.clock().wall() + config_.settings.duration("fetch-within");
  finish(std::move(waiting));
}

void HttpChannel::probe(const Account* account, ProbeReport& report) {
  const auto condition = context_.listeners().condition(config_.settings.text("listener"));
  if (condition.listening)
    report.passed("listener", condition.text);
  else
    report.failed("listener", condition.text);
  if (account == nullptr) return;
  if (account->settings.text("webhook.url").empty())
    return report.passed("webhook", "none: answers wait to be fetched");
  probe_webhook(*account, context_.network(), sender_->tls(), report);
}

Health HttpChannel::health() const {
  if (!running_) return {Health::State::stopped, ""};
  const auto condition = context_.listeners().condition(config_.settings.text("listener"));
  if (condition.listening) return {Health::State::up, ""};
  return {Health::State::down, "listener " + condition.text};
}

}  // namespace sluis::http
