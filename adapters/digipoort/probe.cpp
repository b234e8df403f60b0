#include "adapters/digipoort/probe.h"

#include <fmt/format.h>

#include <future>
#include <memory>
#include <mutex>

namespace sluis::digipoort {

namespace {

// What both protocols share: a connection whose machine runs until it closes, each step written down.
// [Threading] the loop's; the probing thread waits for `over`.
template <class Machine>
class Prober : public net::ConnectionHandler, public std::enable_shared_from_this<Prober<Machine>> {
 public:
  Prober(typename Machine::Config config, std::shared_ptr<const net::TlsContext> tls, std::string host,
         const Clock& clock)
      : machine_(std::move(config)), context_(std::move(tls)), host_(std::move(host)), clock_(clock) {}

  std::future<void> over() { return over_.get_future(); }
  [[nodiscard]] ProbeReport report() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }

  void begin(const std::shared_ptr<net::Connection>& connection) {
    connection_ = connection;
    step(true, "tcp", "connected to " + connection->remote().text());
    connection->start(this->shared_from_this());
    machine_.start();
    run();
  }
  void on_bytes(std::string_view bytes) override {
    machine_.on_bytes(bytes);
    run();
  }
  void on_tls(const net::TlsInfo& info) override {
    std::string text = info.version + " " + info.cipher;
    if (info.peer) {
      const auto days =
          std::chrono::duration_cast<std::chrono::hours>(info.peer->not_after - clock_.wall()).count() / 24;
      text += fmt::format(", {}, issued by {}, {} days left", info.peer->subject, info.peer->issuer, days);
    }
    step(true, "tls", text);
    established();
    run();
  }
  void on_timeout() override {
    machine_.on_timeout();
    run();
  }
  void on_closed(const Error& reason) override {
    connection_.reset();
    machine_.on_closed(reason.code + ": " + reason.what);
    run();
    end();
  }

 protected:
  virtual void established() = 0;
  // One action that is the protocol's own; the rest is done here.
  virtual void act(typename Machine::Action& action) = 0;
  void step(bool ok, std::string_view name, std::string_view text) {
    const std::lock_guard lock(mutex_);
    ok ? report_.passed(name, text) : report_.failed(name, text);
  }
  void end() {
    if (connection_ != nullptr) connection_->shutdown();
    connection_.reset();
    if (!std::exchange(ended_, true)) over_.set_value();
  }
  void write(std::string_view bytes) {
    if (connection_ != nullptr) connection_->write(bytes);
  }
  void start_tls() {
    if (connection_ == nullptr) return;
    if (auto started = connection_->start_tls_client(context_, host_); !started)
      machine_.on_closed(started.error().what);
  }
  void deadline(Duration after) {
    if (connection_ == nullptr) return;
    if (after == Duration::zero())
      connection_->clear_deadline();
    else
      connection_->set_deadline(after);
  }
  void run() {
    const auto self = this->shared_from_this();
    for (auto actions = machine_.take_actions(); !actions.empty(); actions = machine_.take_actions())
      for (auto& action : actions) act(action);
  }

  Machine machine_;

 private:
  std::shared_ptr<const net::TlsContext> context_;
  const std::string host_;
  const Clock& clock_;
  std::shared_ptr<net::Connection> connection_;
  std::promise<void> over_;
  bool ended_ = false;
  mutable std::mutex mutex_;
  ProbeReport report_;
};

class SmtpProber final : public Prober<smtp::Client> {
 public:
  using Prober::Prober;
  bool client_certificate = false;

 private:
  void established() override { machine_.on_tls_established(client_certificate); }
  void act(smtp::Client::Action& action) override {
    if (auto* send = std::get_if<smtp::Send>(&action))
      write(send->bytes);
    else if (std::holds_alternative<smtp::StartTls>(action))
      start_tls();
    else if (auto* after = std::get_if<smtp::SetDeadline>(&action))
      deadline(after->after);
    else if (auto* ready = std::get_if<smtp::Ready>(&action)) {
      const auto& c = ready->capabilities;
      step(true, "ehlo",
           fmt::format("SIZE {}, PIPELINING {}, 8BITMIME {}, DSN {}", c.size ? std::to_string(c.size_limit) : "no",
                       c.pipelining ? "yes" : "no", c.eight_bit_mime ? "yes" : "no", c.dsn ? "yes" : "no"));
      step(true, "auth", "logged in");
      machine_.quit();
    } else if (auto* failed = std::get_if<smtp::Failed>(&action)) {
      step(false, smtp::to_string(failed->error.stage), failed->error.error.what);
    } else if (std::holds_alternative<smtp::Close>(action)) {
      end();
    }
  }
};

class PopProber final : public Prober<pop3::Client> {
 public:
  using Prober::Prober;

 private:
  void established() override { machine_.on_tls_established(); }
  void act(pop3::Client::Action& action) override {
    if (auto* send = std::get_if<pop3::Send>(&action))
      write(send->bytes);
    else if (std::holds_alternative<pop3::StartTls>(action))
      start_tls();
    else if (auto* after = std::get_if<pop3::SetDeadline>(&action))
      deadline(after->after);
    else if (auto* listing = std::get_if<pop3::Listing>(&action)) {
      step(true, "pop3 login", "logged in");
      step(true, "pop3 list",
           fmt::format("{} mails wait, UIDL {}", listing->entries.size(),
                       listing->uidl ? "yes" : "no: mails are told apart by their content"));
      machine_.abort();  // without QUIT nothing can be deleted
    } else if (auto* failed = std::get_if<pop3::Failed>(&action)) {
      step(false, fmt::format("pop3 {}", pop3::to_string(failed->stage)), failed->error.what);
    } else if (std::holds_alternative<pop3::Close>(action)) {
      end();
    }
  }
};

template <class Prober>
void probe_connection(ChannelContext& context, const net::ConnectRequest& request,
                      const std::shared_ptr<Prober>& prober, std::string_view what, ProbeReport& report) {
  auto over = prober->over();
  // Shared: the promise must outlive its set_value(), and the waiting thread goes on in the middle of that.
  const auto connected = std::make_shared<std::promise<std::optional<Error>>>();
  auto connection_error = connected->get_future();
  context.network().connector->connect(context.network().loops->next(), request,
                                       [connected, prober](Result<std::shared_ptr<net::Connection>> connection) {
                                         if (!connection) return connected->set_value(connection.error());
                                         connected->set_value(std::nullopt);
                                         prober->begin(*connection);
                                       });
  if (const auto error = connection_error.get()) {
    report.failed(error->code.starts_with("net.dns")     ? "dns"
                  : error->code.starts_with("net.proxy") ? "proxy"
                                                         : "tcp",
                  fmt::format("{} {}:{}: {}", what, request.host, request.port, error->what));
    return;
  }
  if (request.proxy)
    report.passed("proxy",
                  fmt::format("{} {}:{} through {}", what, request.host, request.port, request.proxy->at.text()));
  else
    report.passed("dns", fmt::format("{} {}:{}", what, request.host, request.port));
  over.wait();  // every wait of the machine has its timeout
  for (const ProbeStep& one : prober->report().steps) report.steps.push_back(one);
}

}  // namespace

void probe_submission(const ChannelConfig& config, ChannelContext& context, const Account& account,
                      ProbeReport& report) {
  auto profile = submit_profile(config, context.gateway());
  if (!profile) return report.failed("settings", profile.error().what);
  smtp::ClientConfig client = profile->client;
  client.credentials = submit_credentials(account);
  auto tls = tls_for(profile->tls, account);
  if (!tls) return report.failed("settings", tls.error().what);
  const auto prober =
      std::make_shared<SmtpProber>(std::move(client), tls->context, profile->connect.host, context.clock());
  prober->client_certificate = tls->certificate;
  probe_connection(context, profile->connect, prober, "submission", report);
}

void probe_retrieval(const ChannelConfig& config, ChannelContext& context, const Account& account,
                     ProbeReport& report) {
  auto profile = retrieve_profile(config);
  if (!profile) return report.failed("settings", profile.error().what);
  pop3::ClientConfig client = profile->client;
  client.credentials = retrieve_credentials(account);
  auto tls = tls_for(profile->tls, account);
  if (!tls) return report.failed("settings", tls.error().what);
  if (!tls->certificate) std::erase(client.mechanisms, sasl::Mechanism::external);
  const auto prober =
      std::make_shared<PopProber>(std::move(client), tls->context, profile->connect.host, context.clock());
  probe_connection(context, profile->connect, prober, "retrieval", report);
}

}  // namespace sluis::digipoort
