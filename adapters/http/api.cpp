#include "adapters/http/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "adapters/http/part_stream.h"
#include "adapters/http/submission.h"
#include "adapters/http/views.h"
#include "core/channel/messages.h"
#include "core/net/http/target.h"

namespace sluis::http {

namespace {

using net::http::problem;
using net::http::Response;

constexpr std::size_t page_most = 200;
constexpr std::size_t page_default = 50;

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

template <class I>
std::optional<I> whole_number(std::string_view text, I least, I most) {
  I value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value < least || value > most)
    return std::nullopt;
  return value;
}

std::optional<DeliveryId> delivery_id(std::string_view text) {
  const auto value = whole_number<std::int64_t>(text, 1, INT64_MAX);
  return value ? std::optional{DeliveryId{*value}} : std::nullopt;
}

Response store_trouble(const Error& error) {
  Response out = problem(503, "the store cannot be read just now", error.code);
  out.headers.add("Retry-After", "5");
  return out;
}
Response no_message() {
  return problem(404, "there is no such message", "message.unknown");
}
Response no_answer() {
  return problem(404, "there is no such answer", "answer.unknown");
}
Response bad_query(std::string_view detail) {
  return problem(400, detail, "request.query");
}

// One text for every way in which a login fails: which of them it was is nobody's business (RFC 6750 §3).
Response unauthorized() {
  Response out = problem(401, "a valid bearer token or client certificate is needed", "login.failed");
  out.headers.add("WWW-Authenticate", "Bearer realm=\"sluis\"");
  return out;
}

}  // namespace

Api::Api(const ChannelConfig& config, ChannelContext& context)
    : config_(config),
      context_(context),
      log_(context.log()),
      path_(config.settings.text("path")),
      pool_(std::make_shared<WorkerPool>(static_cast<std::size_t>(config.settings.integer("threads")))),
      clients_(config.settings),
      failures_(context.clock(), static_cast<int>(config.settings.integer("login-failures"))),
      failed_logins_(context.metrics().counter("sluis_http_logins_failed_total", "Requests without a valid login",
                                               {{"channel", config.name}})),
      logins_(std::make_shared<const LoginIndex>(std::vector<std::shared_ptr<const Account>>{})) {}

void Api::take_accounts() {
  auto index = std::make_shared<const LoginIndex>(context_.accounts().all());
  const std::lock_guard lock(mutex_);
  logins_ = std::move(index);
}

void Api::stop(Duration most) {
  visits_->close(std::max(most, Duration::zero()));
  pool_->stop();
}

std::variant<Api::Call, Response> Api::find(const net::http::Request& request) const {
  Call call;
  const std::vector<std::string_view> at = segments(std::string_view(request.path).substr(path_.size()));
  const std::size_t n = at.size();
  std::string_view allowed = "GET, HEAD";
  const bool post = request.method == "POST", get = request.method == "GET" || request.method == "HEAD";
  const auto part = n == 4 && at[2] == "parts" ? whole_number<std::size_t>(at[3], 1, 100'000) : std::nullopt;
  if (n >= 2) call.id = at[1];
  if (part) call.part = *part;
  bool fits = get;
  if (n == 1 && at[0] == "openapi.yaml") {
    call.endpoint = Endpoint::description;
  } else if (n == 1 && at[0] == "messages") {
    call.endpoint = post ? Endpoint::submit : Endpoint::list;
    fits = get || post;
    allowed = "GET, HEAD, POST";
  } else if (n == 2 && at[0] == "messages") {
    call.endpoint = Endpoint::show;
  } else if (part && at[0] == "messages") {
    call.endpoint = Endpoint::message_part;
  } else if (n == 1 && at[0] == "answers") {
    call.endpoint = Endpoint::answers;
  } else if (n == 2 && at[0] == "answers") {
    call.endpoint = Endpoint::answer;
  } else if (part && at[0] == "answers") {
    call.endpoint = Endpoint::answer_part;
  } else if (n == 3 && at[0] == "answers" && at[2] == "acknowledge") {
    call.endpoint = Endpoint::acknowledge;
    fits = post;
    allowed = "POST";
  } else {
    return problem(404, "there is nothing under this path", "request.path");
  }
  if (fits) return call;
  Response out = problem(405, "the path does not take this method", "request.method");
  out.headers.add("Allow", allowed);
  return out;
}

std::optional<Response> Api::log_in(const net::http::Request& request, const Client& client,
                                    std::shared_ptr<const Account>& account) {
  std::shared_ptr<const LoginIndex> logins;
  {
    const std::lock_guard lock(mutex_);
    logins = logins_;
  }
  const auto token = bearer_token(request.headers);
  const std::optional<std::string_view> certificate = client.certificate;
  // Whoever sends an Authorization that is no token means to log in by it: its certificate alone does not do then.
  if (token || !request.headers.has("Authorization")) account = logins->find(token, certificate);
  if (account != nullptr) return std::nullopt;
  failed_logins_.add();
  const auto wait = failures_.failed(client.address);
  if (!wait) {
    log_.warning("http.login.failed", "a request without a valid login", {{"peer", client.address.host()}});
    return unauthorized();
  }
  Response out = problem(429, "too many failed logins from this address", "login.limited");
  out.headers.add("Retry-After",
                  std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(*wait).count())));
  return out;
}

std::shared_ptr<net::http::RequestHandler> Api::serve(const net::http::Request& request,
                                                      net::http::Responder responder) {
  auto found = find(request);
  if (auto* none = std::get_if<Response>(&found)) {
    responder.respond(std::move(*none));
    return nullptr;
  }
  Call& call = std::get<Call>(found);
  if (!request.tls && !config_.settings.boolean("clear-text")) {
    responder.respond(problem(403, "this API is served over TLS only", "http.clear-text"));
    return nullptr;
  }
  if (call.endpoint == Endpoint::description) {
    Response document{200, net::http::Headers{{"Content-Type", "application/yaml"}}, openapi_document(path_)};
    document.compress = true;
    responder.respond(std::move(document));
    return nullptr;
  }
  auto place = visits_->enter();
  call.reply = std::make_shared<Reply>(std::move(responder), place);
  if (place == nullptr) return nullptr;  // the reply says 503 as it goes
  auto client = clients_.client_of(request);
  if (!client) {
    call.reply->give(problem(403, client.error().what, "request.forwarded"));
    return nullptr;
  }
  call.client = std::move(*client);
  if (auto refused = log_in(request, call.client, call.account)) {
    call.reply->give(std::move(*refused));
    return nullptr;
  }
  auto seat = context_.intake().enter(call.account->customer);
  if (!seat) {
    Response full = problem(429, seat.error().what, seat.error().code);
    full.headers.add("Retry-After", "5");
    call.reply->give(std::move(full));
    return nullptr;
  }
  call.reply->keep(std::move(*seat));
  call.request = request;
  const auto shared = std::make_shared<const Call>(std::move(call));
  switch (shared->endpoint) {
    case Endpoint::submit: return submit(shared);
    case Endpoint::message_part:
    case Endpoint::answer_part: return stream(shared);
    case Endpoint::list: in_pool(shared, &Api::list); break;
    case Endpoint::show: in_pool(shared, &Api::show); break;
    case Endpoint::answers: in_pool(shared, &Api::answers); break;
    case Endpoint::answer: in_pool(shared, &Api::answer); break;
    case Endpoint::acknowledge: acknowledge(shared); break;
    case Endpoint::description: break;
  }
  return nullptr;
}

void Api::in_pool(const CallPtr& call, Response (Api::*answering)(const Call&)) {
  // Refused or dropped, the reply says 503 as it goes.
  static_cast<void>(
      pool_->post([self = shared_from_this(), call, answering] { call->reply->give((*self.*answering)(*call)); }));
}

std::shared_ptr<net::http::RequestHandler> Api::submit(const CallPtr& call) {
  auto head =
      read_submission_head(call->request, call->customer(),
                           {config_.settings.boolean("require-idempotency-key"), call->account->settings.text("flow")});
  if (auto* bad = std::get_if<Response>(&head)) {
    call->reply->give(std::move(*bad));
    return nullptr;
  }
  return std::make_shared<Submission>(call->reply, pool_, context_, call->customer(), path_,
                                      std::move(std::get<SubmissionHead>(head)));
}

std::shared_ptr<net::http::RequestHandler> Api::stream(const CallPtr& call) {
  auto handler = std::make_shared<PartStream>(call->reply, pool_, log_);
  const bool taken = pool_->post([self = shared_from_this(), call, handler] {
    Messages& messages = self->context_.messages();
    if (call->endpoint == Endpoint::message_part) {
      const auto id = Uuid::parse(call->id);
      if (!id) return call->reply->give(no_message());
      const auto found = messages.show(call->customer(), *id);
      if (!found) return call->reply->give(store_trouble(found.error()));
      if (!*found) return call->reply->give(no_message());
      return handler->send((*found)->message, call->part, (*found)->purged_bodies, self->context_.content());
    }
    const auto id = delivery_id(call->id);
    if (!id) return call->reply->give(no_answer());
    const auto found = messages.delivery(call->customer(), *id);
    if (!found) return call->reply->give(store_trouble(found.error()));
    if (!*found || (*found)->delivery.destination.channel != self->config_.name) return call->reply->give(no_answer());
    handler->send((*found)->message.message, call->part, (*found)->message.purged_bodies, self->context_.content());
  });
  if (!taken) handler.reset();  // the reply goes with it, and says so
  return handler;
}

Response Api::list(const Call& call) {
  const auto parameters = net::http::parse_query(call.request.query);
  if (!parameters) return bad_query(parameters.error().what);
  Messages::Filter filter;
  filter.limit = page_default;
  for (const auto& [name, value] : *parameters) {
    if (name == "flow")
      filter.flow = value;
    else if (name == "from")
      filter.from = value;
    else if (name == "state") {
      filter.state = parse_delivery_state(value);
      if (!filter.state) return bad_query(fmt::format("\"{}\" is no state", value));
    } else if (name == "since" || name == "until") {
      const auto time = parse_rfc3339(value);
      if (!time) return bad_query(fmt::format("{}: {}", name, time.error().what));
      (name == "since" ? filter.since : filter.until) = *time;
    } else if (name == "after") {
      const auto id = Uuid::parse(value);
      if (!id) return bad_query(fmt::format("after: {}", id.error().what));
      filter.after = *id;
    } else if (name == "limit") {
      const auto limit = whole_number<std::size_t>(value, 1, page_most);
      if (!limit) return bad_query(fmt::format("limit is a number from 1 to {}", page_most));
      filter.limit = *limit;
    } else {
      return bad_query(fmt::format("there is no parameter {}", name));
    }
  }
  const auto found = context_.messages().list(call.customer(), filter);
  if (!found) return store_trouble(found.error());
  Json out = {{"messages", Json::array()}};
  for (const auto& message : *found) out["messages"].push_back(message_json(message, path_));
  if (found->size() == filter.limit) out["next"] = found->back().message.id.text();
  return json_response(200, out);
}

Response Api::show(const Call& call) {
  const auto id = Uuid::parse(call.id);
  if (!id) return no_message();
  const auto found = context_.messages().show(call.customer(), *id);
  if (!found) return store_trouble(found.error());
  return *found ? json_response(200, message_details_json(**found, path_)) : no_message();
}

Response Api::answers(const Call& call) {
  const auto parameters = net::http::parse_query(call.request.query);
  if (!parameters) return bad_query(parameters.error().what);
  DeliveryId after{};
  std::size_t limit = page_default;
  for (const auto& [name, value] : *parameters) {
    if (name == "after") {
      const auto id = delivery_id(value);
      if (!id) return bad_query("after is the number of an answer");
      after = *id;
    } else if (name == "limit") {
      const auto given = whole_number<std::size_t>(value, 1, page_most);
      if (!given) return bad_query(fmt::format("limit is a number from 1 to {}", page_most));
      limit = *given;
    } else {
      return bad_query(fmt::format("there is no parameter {}", name));
    }
  }
  const auto found = context_.mailbox().list(call.customer(), after, limit);
  if (!found) return store_trouble(found.error());
  Json out = {{"answers", Json::array()}};
  for (const auto& item : *found)
    out["answers"].push_back(answer_json(item.delivery, *item.message, DeliveryState::awaiting, path_));
  if (found->size() == limit) out["next"] = std::to_string(number(found->back().delivery));
  return json_response(200, out);
}

Response Api::answer(const Call& call) {
  const auto id = delivery_id(call.id);
  if (!id) return no_answer();
  const auto found = context_.messages().delivery(call.customer(), *id);
  if (!found) return store_trouble(found.error());
  if (!*found || (*found)->delivery.destination.channel != config_.name) return no_answer();
  return json_response(200, answer_json(*id, (*found)->message.message, (*found)->delivery.state, path_));
}

void Api::acknowledge(const CallPtr& call) {
  static_cast<void>(pool_->post([self = shared_from_this(), call] {
    const auto id = delivery_id(call->id);
    if (!id) return call->reply->give(no_answer());
    const auto found = self->context_.messages().delivery(call->customer(), *id);
    if (!found) return call->reply->give(store_trouble(found.error()));
    if (!*found || (*found)->delivery.destination.channel != self->config_.name) return call->reply->give(no_answer());
    const auto settled = [call, id = *id](bool again) {
      call->reply->give(
          json_response(200, Json{{"answer", std::to_string(number(id))}, {"state", "delivered"}, {"again", again}}));
    };
    if ((*found)->delivery.state == DeliveryState::delivered) return settled(true);
    Receipt receipt;
    receipt.text = fmt::format("acknowledged by {}", call->customer());
    receipt.details.set("peer", call->client.address.host());
    if (call->request.tls) receipt.details.set("tls", call->request.tls->version);
    self->context_.settlements().settle(
        {Settlement{*id, Delivered{std::move(receipt)}}}, [call, settled](const std::vector<Status>& results) {
          if (results.size() == 1 && results.front()) return settled(false);
          const Error error = results.empty() ? Error{"store.down", "not settled"} : results.front().error();
          if (error.code == "settle.unknown") return call->reply->give(no_answer());
          if (error.code == "settle.refused") return call->reply->give(problem(409, error.what, "answer.state"));
          call->reply->give(store_trouble(error));
        });
  }));
}

}  // namespace sluis::http
