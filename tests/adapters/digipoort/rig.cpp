#include "tests/adapters/digipoort/rig.h"

#include <chrono>
#include <thread>

#include "core/channel/plugin.h"

const sluis::PluginInfo* sluis_plugin_digipoort();

namespace sluis::digipoort::tests {

bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

const Adapter& adapter() {
  return *sluis_plugin_digipoort()->adapter();
}

Settings default_channel_settings() {
  return default_settings(adapter().kinds()[0].settings);
}

std::shared_ptr<Account> make_account(const std::string& customer, const std::string& password) {
  auto account = std::make_shared<Account>();
  account->channel = "digipoort";
  account->customer = customer;
  account->settings = default_settings(adapter().kinds()[0].account);
  account->settings.set("username", customer);
  account->settings.set("password", Secret(password));
  account->settings.set("mailbox", customer + "@mail.example.test");
  return account;
}

std::shared_ptr<Account> with_certificate(std::shared_ptr<Account> account,
                                          const test::IssuedCertificate& certificate) {
  account->settings.set("certificate", certificate.certificate_file);
  account->settings.set("key", certificate.key_pem);
  return account;
}

std::shared_ptr<Delivery> make_mail(std::string payload, const std::string& recipient) {
  auto delivery = sluis::tests::make_delivery(
      "acme", {sluis::tests::make_part(std::move(payload), "application/octet-stream", "aangifte.edi")});
  delivery->destination.channel = "digipoort";
  delivery->destination.address = recipient;
  delivery->created_at = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 4}};
  return delivery;
}

DigipoortTest::DigipoortTest() {
  context_.real_clock = &clock_;
  context_.real_timers = &loops_.at(0);
  context_.real_network = {&loops_, &connector_};
  config_.name = "digipoort";
  config_.kind = "digipoort";
  config_.settings = default_channel_settings();
  // A port on which nobody is: for channels that only retrieve.
  submit_to(1, "none");
  context_.account_list.push_back(make_account("acme"));
}

DigipoortTest::~DigipoortTest() {
  if (channel_ != nullptr) channel_->stop(clock_.mono() + 1s);
  loops_.stop();
}

void DigipoortTest::submit_to(std::uint16_t port, const std::string& tls) {
  config_.settings.set("submit.host", std::string("127.0.0.1"));
  config_.settings.set("submit.port", std::int64_t{port});
  config_.settings.set("submit.tls", tls);
  if (tls == "none")
    config_.settings.set("clear-text-login", true);
  else
    config_.settings.set("submit.ca", authority_.file());
}

void DigipoortTest::retrieve_from(std::uint16_t port, const std::string& tls) {
  config_.settings.set("retrieve.host", std::string("127.0.0.1"));
  config_.settings.set("retrieve.port", std::int64_t{port});
  config_.settings.set("retrieve.tls", tls);
  config_.settings.set("retrieve.every", Duration{20ms});
  if (tls == "none")
    config_.settings.set("clear-text-login", true);
  else
    config_.settings.set("retrieve.ca", authority_.file());
}

void DigipoortTest::start() {
  channel_ = std::make_unique<DigipoortChannel>(config_, context_);
  const Status started = channel_->start();
  ASSERT_TRUE(started.ok()) << started.error().what;
}

void DigipoortTest::stop(Duration within) {
  channel_->stop(clock_.mono() + within);
}

void DigipoortTest::begin(const std::shared_ptr<Delivery>& delivery, sluis::tests::Ending& ending) {
  delivery->identity = channel_->identify(*delivery);
  channel_->deliver(sluis::tests::make_attempt(delivery, ending));
}

Outcome DigipoortTest::deliver(const std::shared_ptr<Delivery>& delivery) {
  // Shared: when the wait fails the attempt is still out.
  const auto ending = std::make_shared<sluis::tests::Ending>();
  delivery->identity = channel_->identify(*delivery);
  channel_->deliver(Attempt(delivery, nullptr,
                            [ending](Outcome outcome, bool dropped) { ending->set(std::move(outcome), dropped); }));
  EXPECT_TRUE(eventually([&] { return ending->has_value(); })) << "the attempt did not end";
  EXPECT_FALSE(ending->dropped());
  return ending->get().value_or(Outcome{});
}

void DigipoortTest::on_loop(std::function<void()> work) {
  const auto done = std::make_shared<std::promise<void>>();
  loops_.at(0).post([work = std::move(work), done] {
    work();
    done->set_value();
  });
  done->get_future().wait();
}

std::shared_ptr<const net::TlsContext> DigipoortTest::server_tls(net::ClientCertificate client) {
  const test::IssuedCertificate certificate = authority_.server();
  net::TlsSettings settings;
  settings.role = net::TlsRole::server;
  settings.certificate_pem = certificate.certificate_pem;
  settings.key_pem = certificate.key_pem;
  settings.client_certificate = client;
  if (client != net::ClientCertificate::none) settings.ca_pem = authority_.pem();
  auto context = net::TlsContext::make(settings);
  EXPECT_TRUE(context.ok());
  return *context;
}

std::string DigipoortTest::log() {
  std::string text;
  on_loop([&] { text = context_.log_text(); });
  return text;
}

}  // namespace sluis::digipoort::tests
