#include "config/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/conditions.h"
#include "config/table_reader.h"
#include "config/tables.h"
#include "config/values.h"

namespace sluis::config {

namespace {

using routing::RouteExample;
using routing::RouteSpec;
using routing::Send;

// Three words for one thing, by what it is for the channel.
bool is_address_word(std::string_view key) {
  return std::find(tables::address_words.begin(), tables::address_words.end(), key) != tables::address_words.end();
}

std::optional<Send> read_send(const Node& node, const Path& at, Report& report) {
  if (!expect_mapping(node, at, report)) return std::nullopt;
  Send send;
  send.place = report.place(node);
  const Node* address = nullptr;
  bool sound = true;
  for (const Node& member : node.children) {
    const Path here(at, member.key);
    auto text = read_text(member, here, report);
    if (!text) {
      sound = false;
    } else if (member.key == "to") {
      send.to = *std::move(text);
    } else if (!is_address_word(member.key)) {
      send.options.emplace(member.key, *std::move(text));
    } else if (address != nullptr) {
      report.at_key(member, here, fmt::format("there is an address already: `{}`", address->key));
      sound = false;
    } else {
      address = &member;
      send.address = *std::move(text);
    }
  }
  if (node.find("to") == nullptr)
    report.at_key(node, Path(at, "to"), "is required: a channel, or customer");
  else if (sound && send.to.empty())
    report.at(*node.find("to"), Path(at, "to"), "must not be empty");
  if (!sound || send.to.empty()) return std::nullopt;
  return send;
}

// `send` is one destination or a list of them.
bool read_sends(const Node& node, const Path& at, Report& report, std::vector<Send>& sends) {
  if (!node.is_list()) {
    auto send = read_send(node, at, report);
    if (send) sends.push_back(*std::move(send));
    return !sends.empty();
  }
  if (node.children.empty()) report.at(node, at, "is an empty list");
  bool sound = !node.children.empty();
  for (const Node& item : node.children) {
    auto send = read_send(item, at, report);
    if (send)
      sends.push_back(*std::move(send));
    else
      sound = false;
  }
  return sound;
}

std::optional<RouteSpec> read_route(const Node& node, const Path& at, Report& report, Secrets& secrets) {
  static const TableReader reader(tables::route);
  if (!expect_mapping(node, at, report)) return std::nullopt;
  const std::size_t before = report.count();
  const Settings settings = reader.read(node, at, report, secrets);
  RouteSpec route;
  route.place = report.place(node);
  route.name = settings.text("route");
  route.policy = settings.text("policy");
  route.lane = settings.text("lane");
  route.lane_first = settings.boolean("lane-first");
  if (settings.has("reply-within")) route.reply_within = settings.duration("reply-within");
  route.when.place = route.place;
  if (const Node* when = node.find("when"))
    if (auto condition = read_condition(*when, Path(at, "when"), report)) route.when = *std::move(condition);
  if (const Node* send = node.find("send")) read_sends(*send, Path(at, "send"), report, route.send);
  if (const Node* gate = node.find("gate"))
    if (auto gates = read_one_or_more(*gate, Path(at, "gate"), report)) route.gates = *std::move(gates);
  if (report.count() != before) return std::nullopt;
  return route;
}

void read_examples(const Node& list, Report& report, Secrets& secrets, std::vector<RouteExample>& examples) {
  static const TableReader reader(tables::example);
  const Path at("examples");
  if (!expect_list(list, at, report)) return;
  for (const Node& item : list.children) {
    if (!expect_mapping(item, at, report)) continue;
    const std::size_t before = report.count();
    const Settings settings = reader.read(item, at, report, secrets);
    if (report.count() == before)
      examples.push_back({settings.map("message"), settings.text("expect"), report.place(item)});
  }
}

}  // namespace

void read_routes(const Node& list, const std::string& customer, const Path& at, Report& report, Secrets& secrets,
                 std::vector<RouteSpec>& routes) {
  if (!expect_list(list, at, report)) return;
  for (const Node& item : list.children)
    if (auto route = read_route(item, at, report, secrets)) {
      route->customer = customer;
      routes.push_back(*std::move(route));
    }
}

RoutesFile read_routes_file(const Document& document, Secrets& secrets, std::vector<LocatedError>& errors) {
  RoutesFile out;
  if (!document.understood || document.root.is_null()) return out;
  Report report(document.file, errors);
  const Node& root = document.root;
  if (!expect_mapping(root, {}, report)) return out;
  static const TableReader reader(tables::routes);
  (void)reader.read(root, {}, report, secrets);
  if (const Node* routes = root.find("routes")) read_routes(*routes, {}, Path("routes"), report, secrets, out.routes);
  if (const Node* examples = root.find("examples")) read_examples(*examples, report, secrets, out.examples);
  return out;
}

}  // namespace sluis::config
