#include "adapters/sandbox/pop_session.h"

#include <utility>

#include "adapters/sandbox/challenge.h"
#include "core/runtime/digest.h"

namespace sluis::sandbox {
namespace {

pop3::ServerConfig machine_config(const PopParts& parts, const PopConfig& config) {
  pop3::ServerConfig out;
  out.implementation = "Sluis sandbox";
  out.mechanisms = {sasl::Mechanism::plain, sasl::Mechanism::login, sasl::Mechanism::cram_md5};
  out.cram_challenge = [&clock = parts.clock, &random = parts.random, host = config.hostname] {
    return cram_challenge(clock, random, host);
  };
  switch (config.tls) {
    case PopConfig::Tls::implicit: out.tls = pop3::ServerTls::implicit; break;
    case PopConfig::Tls::stls: out.tls = pop3::ServerTls::required; break;
    case PopConfig::Tls::none:
      out.tls = pop3::ServerTls::none;
      out.allow_clear_login = true;
      break;
  }
  return out;
}

}  // namespace

PopSession::PopSession(std::shared_ptr<net::Connection> connection, const PopParts& parts, const PopConfig& config)
    : Session(std::move(connection), config.context, parts.pool,
              {parts.misbehaviour.number_at("pop3:close-at-byte"), parts.misbehaviour.number_at("pop3:slow")}),
      parts_(parts),
      machine_(machine_config(parts, config)) {}

void PopSession::opened() {
  if (parts_.misbehaviour.at("pop3:greeting")) return drop();
  machine_.start();
  carry_out();
}

void PopSession::input(std::string_view bytes) {
  machine_.on_bytes(bytes);
  carry_out();
}

void PopSession::secured() {
  machine_.on_tls_established();
  carry_out();
}

void PopSession::timed_out() {
  machine_.on_timeout();
  carry_out();
}

void PopSession::gone(std::string_view reason) {
  machine_.on_closed(reason);
  carry_out();
}

void PopSession::carry_out() {
  if (std::exchange(acting_, true)) return;
  for (auto actions = machine_.take_actions(); !actions.empty(); actions = machine_.take_actions())
    for (auto& action : actions) std::visit([this](auto& one) { take(one); }, action);
  acting_ = false;
}

void PopSession::take(pop3::Authenticate& action) {
  if (const auto fault = parts_.misbehaviour.at("pop3:auth")) {
    if (*fault == "close") return drop();
    return machine_.auth_result(*fault == "err" ? pop3::AuthResult::refused : pop3::AuthResult::temporary);
  }
  const Account* account = parts_.accounts.check(action.presented);
  if (account == nullptr) return machine_.auth_result(pop3::AuthResult::refused);
  auto listing = parts_.maildrops.lock(account->mailbox);
  if (!listing) return machine_.auth_result(pop3::AuthResult::temporary);
  if (!listing->has_value()) return machine_.auth_result(pop3::AuthResult::in_use);
  account_ = account;
  listing_ = **listing;
  machine_.auth_result(pop3::AuthResult::granted, listing_);
}

void PopSession::take(pop3::FetchMail& action) {
  const auto fault = parts_.misbehaviour.at("pop3:retr");
  if (fault == "err") return machine_.mail_failed();
  const bool half = fault == "close";
  const bool whole = !action.top_lines.has_value();
  const bool posted = off_loop([this, half, whole, mailbox = account_->mailbox, user = account_->user,
                                uidl = listing_[action.index].uidl]() -> Task {
    auto mail = std::make_shared<Result<std::string>>(parts_.maildrops.read(mailbox, uidl));
    if (whole && mail->ok()) {
      const Status noted = parts_.ledger.append(
          "retrieved",
          {{"account", user}, {"mailbox", mailbox}, {"uidl", uidl}, {"mail_sha256", to_hex(sha256(**mail))}});
      if (!noted) *mail = noted.error();
    }
    return [this, half, mail] {
      bring(*mail, half);
      carry_out();
    };
  });
  if (!posted) machine_.mail_failed();
}

void PopSession::bring(const Result<std::string>& mail, bool half) {
  if (!mail) return machine_.mail_failed();
  if (!half) {
    machine_.mail_data(*mail, true);
    return;
  }
  machine_.mail_data(std::string_view(*mail).substr(0, mail->size() / 2), false);
  carry_out();
  drop();
}

void PopSession::take(pop3::Commit& action) {
  const auto fault = parts_.misbehaviour.at("pop3:quit");
  if (fault == "close") drop();
  if (fault == "close" || fault == "err") return machine_.commit_result(false);
  std::vector<std::string> uidls;
  for (const std::size_t index : action.deleted) uidls.push_back(listing_[index].uidl);
  const bool posted =
      off_loop([this, lost = fault == "lost", uidls, mailbox = account_->mailbox, user = account_->user]() -> Task {
        Status done = parts_.maildrops.remove(mailbox, uidls);
        if (done && !uidls.empty())
          done = parts_.ledger.append("deleted", {{"account", user}, {"mailbox", mailbox}, {"uidls", uidls}});
        return [this, lost, committed = done.ok()] {
          release();
          if (lost) drop();
          machine_.commit_result(committed);
          carry_out();
        };
      });
  if (!posted) machine_.commit_result(false);
}

void PopSession::release() {
  if (const Account* account = std::exchange(account_, nullptr)) parts_.maildrops.unlock(account->mailbox);
}

}  // namespace sluis::sandbox
