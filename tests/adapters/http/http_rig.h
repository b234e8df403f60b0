// A channel behind a real listener, and a client: requests over loopback, the rest of the gateway as the test says.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "adapters/http/channel.h"
#include "adapters/http/settings.h"
#include "core/channel/conformance/test_context.h"
#include "core/channel/plugin.h"
#include "core/net/connector.h"
#include "core/net/event_loop.h"
#include "core/net/http/client.h"
#include "core/net/resolver.h"

namespace sluis::http {

using Answer = net::http::Fetched;

struct HttpRig {
  using Changes = std::vector<std::pair<std::string, SettingValue>>;

  SystemClock clock;
  net::LoopGroup loops{clock, 1};
  net::SystemResolver resolver{1};
  net::Connector connector{resolver};
  tests::TestContext context{"api"};
  std::unique_ptr<HttpChannel> channel;
  std::unique_ptr<net::http::HttpClient> client;

  explicit HttpRig(const Changes& changes = {}) {
    context.real_clock = &clock;
    context.real_timers = &loops.at(0);
    context.real_network = {&loops, &connector, &resolver};
    context.test_listeners.clock = &clock;
    context.test_listeners.loops = &loops;
    ChannelConfig config;
    config.name = "api";
    config.kind = "http";
    config.settings = default_settings(channel_settings);
    config.settings.set("listener", std::string("public"));
    config.settings.set("clear-text", true);
    config.settings.set("webhook.clear-text", true);
    for (const auto& [name, value] : changes) config.settings.set(name, value);
    add("acme", "token-of-acme");
    add("zeta", "token-of-zeta");
    channel = std::make_unique<HttpChannel>(config, context);
    const Status started = channel->start();
    EXPECT_TRUE(started.ok()) << (started ? "" : started.error().what);
    client = std::make_unique<net::http::HttpClient>(loops.at(0), resolver);
  }
  ~HttpRig() {
    channel->stop(clock.mono() + 5s);
    std::promise<void> stopped;
    client->stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
    channel.reset();
  }

  std::shared_ptr<Account> add(const std::string& customer, const std::string& token, const Changes& more = {}) {
    auto account = std::make_shared<Account>();
    account->channel = "api";
    account->customer = customer;
    account->settings = default_settings(account_settings);
    if (!token.empty()) account->settings.set("tokens", std::vector<std::string>{"sha256:" + to_hex(sha256(token))});
    for (const auto& [name, value] : more) account->settings.set(name, value);
    context.account_list.push_back(account);
    return account;
  }

  Answer call(const std::string& method, const std::string& target, const std::string& body = {},
              net::http::Headers headers = {}, const std::string& token = "token-of-acme") {
    net::http::ClientRequest request;
    request.origin = {false, "127.0.0.1", context.test_listeners.port("public")};
    request.method = method;
    request.target = target;
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    request.headers = std::move(headers);
    request.body = body;
    std::promise<Answer> done;
    client->fetch(std::move(request), [&](Answer answer) { done.set_value(std::move(answer)); });
    return done.get_future().get();
  }
  Answer submit(const std::string& body, const std::string& key, const std::string& query = {}) {
    return call("POST", "/v1/messages" + query, body,
                {{"Idempotency-Key", key}, {"Content-Type", "application/edifact"}});
  }

  // A message of a customer that waits for it on this channel.
  Messages::OneMessage waiting(const std::string& customer, std::int64_t number, const std::string& content,
                               std::string_view name = "answer.xml") {
    Messages::OneMessage one;
    SeededRandom random(static_cast<std::uint64_t>(number));
    one.message.id = IdGenerator(clock, random).next();
    one.message.customer = customer;
    one.message.from = "tulli";
    one.message.attributes.set("kind", "answer");
    one.message.parts.push_back(tests::make_part(content, "application/xml", name));
    Messages::OneDelivery delivery;
    delivery.id = DeliveryId{number};
    delivery.message = one.message.id;
    delivery.state = DeliveryState::awaiting;
    delivery.destination.channel = "api";
    one.deliveries.push_back(delivery);
    context.test_messages.stored.push_back(one);
    context.mailboxes[customer].push_back({delivery.id, std::make_shared<const Message>(one.message)});
    return one;
  }
};

inline nlohmann::json json_of(const Answer& answer) {
  return nlohmann::json::parse(answer.response.body, nullptr, false);
}
inline std::string code_of(const Answer& answer) {
  return json_of(answer).value("code", "");
}

}  // namespace sluis::http
