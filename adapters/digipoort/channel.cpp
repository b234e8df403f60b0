#include "adapters/digipoort/channel.h"

#include "adapters/digipoort/probe.h"

namespace sluis::digipoort {

namespace {

std::string message_id_domain(const ChannelConfig& config, const ChannelContext& context) {
  for (const char* const name : {"mail.message-id-domain", "submit.ehlo"})
    if (const std::string text = config.settings.text(name); !text.empty()) return text;
  return context.gateway();
}

}  // namespace

DigipoortChannel::DigipoortChannel(const ChannelConfig& config, ChannelContext& context)
    : config_(config), context_(context), domain_(message_id_domain(config, context)) {}

DigipoortChannel::~DigipoortChannel() {
  stop(context_.clock().mono());
}

Status DigipoortChannel::start() {
  auto submit = submit_profile(config_, context_.gateway());
  if (!submit) return submit.error();
  auto retrieve = retrieve_profile(config_);
  if (!retrieve) return retrieve.error();
  net::EventLoop& loop = context_.network().loops->next();
  submitter_ = std::make_unique<Submitter>(context_, loop, std::move(*submit));
  if (retrieve->enabled) {
    retriever_ = std::make_unique<Retriever>(context_, loop, std::move(*retrieve));
    retriever_->start();
  }
  context_.accounts().on_change([this](const AccountChanges& changes) {
    if (!running_) return;
    submitter_->forget_sessions();
    if (retriever_ != nullptr) retriever_->change(changes);
  });
  running_ = true;
  return {};
}

void DigipoortChannel::stop(MonoTime deadline) {
  if (!running_.exchange(false)) return;
  if (retriever_ != nullptr) retriever_->stop();
  submitter_->stop(deadline);
}

Identity DigipoortChannel::identify(const Delivery& delivery) const {
  Identity identity;
  identity.value = message_id_of(delivery, domain_);
  // A DSN or an answer may name any of these (protocols/digipoort.md §3.2, 9).
  identity.references.push_back(Reference{"message-id", "", identity.value});
  identity.references.push_back(Reference{"envid", delivery.destination.channel, delivery.message->id.text()});
  return identity;
}

void DigipoortChannel::deliver(Attempt attempt) {
  if (running_) return submitter_->deliver(std::move(attempt));
  Retry retry;
  retry.reason = Error{"channel.stopping", "the channel is not running"};
  attempt.finish(Outcome{std::move(retry), {}, {}});
}

void DigipoortChannel::probe(const Account* account, ProbeReport& report) {
  if (account == nullptr) return report.failed("account", "this channel has no account of its own; name a customer");
  probe_submission(config_, context_, *account, report);
  if (!config_.settings.text("retrieve.host").empty()) probe_retrieval(config_, context_, *account, report);
}

Health DigipoortChannel::health() const {
  if (!running_) return {Health::State::stopped, ""};
  const std::string submit = submitter_->last_trouble();
  const std::string retrieve = retriever_ != nullptr ? retriever_->trouble() : "";
  if (submit.empty() && retrieve.empty()) return {Health::State::up, ""};
  return {Health::State::degraded, submit.empty()     ? retrieve
                                   : retrieve.empty() ? "submission: " + submit
                                                      : "submission: " + submit + "; " + retrieve};
}

}  // namespace sluis::digipoort
