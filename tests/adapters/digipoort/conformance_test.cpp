// The conformance suite for `digipoort`, against the house's own SMTP and POP3 servers over TLS.
#include <atomic>

#include "core/channel/conformance/suite.h"
#include "core/runtime/base64.h"
#include "tests/adapters/digipoort/rig.h"

const sluis::PluginInfo* sluis_plugin_digipoort();

namespace sluis::digipoort::tests {
namespace {

using conformance::Copy;
using conformance::Demand;

class MailRig final : public conformance::Rig {
 public:
  MailRig() {
    SubmissionServer::Trouble trouble;
    trouble.at_dot = [this](int) {
      switch (demand_.load()) {
        case Demand::lose_the_answer: return SubmissionServer::AtDot::close;
        case Demand::hang: return SubmissionServer::AtDot::silence;
        default: return SubmissionServer::AtDot::accept;
      }
    };
    trouble.at_rcpt = [this](const std::string&) {
      switch (demand_.load()) {
        case Demand::refuse_for_good: return smtp::Reply(550, "5.1.1", "no such mailbox");
        case Demand::refuse_for_now: return smtp::Reply(450, "4.2.1", "come again");
        default: return smtp::Reply(250, "2.1.5", "ok");
      }
    };
    submission_ = std::make_unique<SubmissionServer>(loops_, tls(), false, std::move(trouble));
    mailbox_ = std::make_unique<MailboxServer>(loops_, tls(), true);
    mailbox_->password(canary);
    behave(Demand::take);
  }
  ~MailRig() override {
    submission_.reset();
    mailbox_.reset();
    loops_.stop();
  }

  ChannelConfig config() override {
    ChannelConfig config;
    config.name = "digipoort";
    config.kind = "digipoort";
    Settings& s = config.settings = default_channel_settings();
    for (const char* const side : {"submit", "retrieve"}) {
      s.set(std::string(side) + ".host", std::string("127.0.0.1"));
      s.set(std::string(side) + ".ca", authority_.file());
    }
    // Port 1: nobody is there.
    s.set("submit.port", std::int64_t{demand_ == Demand::refuse_everyone ? 1 : submission_->port()});
    s.set("retrieve.port", std::int64_t{mailbox_->port()});
    s.set("retrieve.every", Duration{20ms});
    return config;
  }
  std::shared_ptr<const Account> account(const std::string& customer) override { return make_account(customer); }
  void behave(Demand demand) override {
    demand_ = demand;
    for (const char* const customer : {"acme", "bolt"})
      submission_->account(customer, demand == Demand::refuse_account ? "een ander wachtwoord" : canary);
  }
  std::shared_ptr<Delivery> delivery(const std::string& customer, const std::string& body) override {
    auto delivery = make_mail(body, demand_ == Demand::need_a_human ? "" : "uitvoer@douane.example.test");
    delivery->destination.account = customer;
    delivery->customer = customer;
    return delivery;
  }
  std::vector<Copy> taken() override {
    std::vector<Copy> copies;
    for (const auto& mail : submission_->mails()) {
      const auto end = mail.bytes.find("\r\n\r\n");
      std::string text = mail.bytes.substr(end + 4);
      std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
      const auto at = mail.bytes.find("Message-ID: ");
      const auto decoded = base64_decode(text);
      EXPECT_TRUE(decoded.ok()) << mail.bytes;
      copies.push_back({mail.bytes.substr(at, mail.bytes.find("\r\n", at) - at), decoded.value_or(text)});
    }
    return copies;
  }
  std::size_t hanging() override { return demand_ == Demand::hang ? submission_->mails().size() : 0; }
  void offer(const std::string& customer, const std::string& body) override {
    mailbox_->put(
        {{"u" + std::to_string(next_++),
          "From: a@douane.example.test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n" + body + "\r\n",
          customer}});
  }
  std::size_t offered(const std::string& customer) override { return mailbox_->mails_of(customer); }

 private:
  std::shared_ptr<const net::TlsContext> tls() {
    const test::IssuedCertificate certificate = authority_.server();
    net::TlsSettings settings;
    settings.role = net::TlsRole::server;
    settings.certificate_pem = certificate.certificate_pem;
    settings.key_pem = certificate.key_pem;
    auto context = net::TlsContext::make(settings);
    EXPECT_TRUE(context.ok());
    return *context;
  }

  SystemClock clock_;
  net::LoopGroup loops_{clock_, 1};
  test::TestAuthority authority_;
  std::atomic<Demand> demand_{Demand::take};
  std::unique_ptr<SubmissionServer> submission_;
  std::unique_ptr<MailboxServer> mailbox_;
  int next_ = 1;
};

const bool added =
    conformance::add({.name = "Digipoort",
                      .plugin = sluis_plugin_digipoort(),
                      .kind = "digipoort",
                      .demands = {Demand::take, Demand::refuse_for_good, Demand::refuse_for_now, Demand::refuse_account,
                                  Demand::refuse_everyone, Demand::need_a_human, Demand::lose_the_answer, Demand::hang},
                      .receives = true,
                      .rig = [] { return std::make_unique<MailRig>(); }});

}  // namespace
}  // namespace sluis::digipoort::tests
