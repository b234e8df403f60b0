// The conformance suite for `http`, as it calls customers' webhooks.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>

#include "core/channel/conformance/suite.h"
#include "core/channel/conformance/test_context.h"
#include "core/net/http/server.h"

const sluis::PluginInfo* sluis_plugin_http();

namespace sluis::http {
namespace {

using conformance::Copy;
using conformance::Demand;

// Every customer's server in one: a path each.
class WebhookRig final : public conformance::Rig {
 public:
  WebhookRig() {
    net::http::Mount mount;
    mount.serve = net::http::collect_body(
        [this](const net::http::Request& request, const std::string& body, net::http::Responder responder) {
          answer(request, body, std::move(responder));
        });
    lease_ = std::move(*server_.mount(std::move(mount)));
    listener_ = std::move(*net::Listener::open(loops_, *net::Address::parse("127.0.0.1:0"), server_.sessions()));
  }
  ~WebhookRig() override {
    listener_->stop();
    {
      const std::lock_guard lock(mutex_);
      silent_.clear();
    }
    std::promise<void> gone;
    server_.stop(Duration::zero(), [&] { gone.set_value(); });
    gone.get_future().wait();
    loops_.stop();
  }

  ChannelConfig config() override {
    ChannelConfig config;
    config.name = "api";
    config.kind = "http";
    config.settings = default_settings(kind().settings);
    config.settings.set("listener", std::string("public"));
    config.settings.set("webhook.clear-text", true);
    config.settings.set("webhook.timeout", Duration{2s});
    return config;
  }
  std::shared_ptr<const Account> account(const std::string& customer) override {
    auto account = std::make_shared<Account>();
    account->channel = "api";
    account->customer = customer;
    account->settings = default_settings(kind().account);
    account->settings.set("webhook.url", fmt_url(customer));
    account->settings.set("webhook.secret", Secret{"whsec_" + std::string(31, customer.front()) + "A"});
    account->settings.set("webhook.body", std::string("content"));
    return account;
  }
  void behave(Demand demand) override {
    const std::lock_guard lock(mutex_);
    demand_ = demand;
  }
  std::shared_ptr<Delivery> delivery(const std::string& customer, const std::string& body) override {
    auto delivery = sluis::tests::make_delivery(customer, {sluis::tests::make_part(body, "text/plain", "answer.txt")});
    delivery->destination.account = customer;
    return delivery;
  }
  std::vector<Copy> taken() override {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  std::size_t hanging() override {
    const std::lock_guard lock(mutex_);
    return silent_.size();
  }

 private:
  static const ChannelKind& kind() { return sluis_plugin_http()->adapter()->kinds()[0]; }
  std::string fmt_url(const std::string& customer) const {
    return "http://127.0.0.1:" + std::to_string(listener_->port()) + "/" + customer;
  }

  void answer(const net::http::Request& request, const std::string& body, net::http::Responder responder) {
    const std::lock_guard lock(mutex_);
    const auto say = [&](int status) { responder.respond(net::http::Response::text(status, "said")); };
    // A no to one account is acme's; bolt's server is another.
    const bool mine = request.path == "/acme";
    switch (demand_) {
      case Demand::refuse_for_good: return say(410);
      case Demand::refuse_for_now: return say(425);
      case Demand::need_a_human: return say(404);
      case Demand::hang: silent_.push_back(std::move(responder)); return;
      case Demand::refuse_account:
        if (mine) return say(503);
        break;
      default: break;
    }
    taken_.push_back({std::string(request.headers.get("webhook-id")), body});
    if (demand_ == Demand::lose_the_answer) return responder.abort();
    say(200);
  }

  SystemClock clock_;
  net::LoopGroup loops_{clock_, 1};
  net::http::HttpServer server_{clock_};
  net::http::MountLease lease_;
  std::unique_ptr<net::Listener> listener_;
  std::mutex mutex_;  // guards what follows
  Demand demand_ = Demand::take;
  std::vector<Copy> taken_;
  std::vector<net::http::Responder> silent_;
};

const bool added =
    conformance::add({.name = "Webhook",
                      .plugin = sluis_plugin_http(),
                      .kind = "http",
                      .demands = {Demand::take, Demand::refuse_for_good, Demand::refuse_for_now, Demand::refuse_account,
                                  Demand::need_a_human, Demand::lose_the_answer, Demand::hang},
                      .rig = [] { return std::make_unique<WebhookRig>(); }});

}  // namespace
}  // namespace sluis::http
