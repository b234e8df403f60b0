#include "config/gateway.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <array>

#include "config/table_reader.h"
#include "config/tables.h"
#include "config/values.h"
#include "core/net/address.h"

namespace sluis::config {

namespace {

// Whoever writes `tls:` wants it: without both of them it is a fault, not a listener in clear text.
std::optional<ListenerTls> read_tls(const Node& tls, const Path& at, Report& report, Secrets& secrets) {
  static const TableReader reader(tables::listener_tls);
  if (!expect_mapping(tls, at, report)) return std::nullopt;
  const Settings settings = reader.read(tls, at, report, secrets);
  const std::string rule = settings.text("client-certificates"), ca = settings.text("client-ca");
  if ((rule != "none") != !ca.empty())
    report.at_key(tls, at,
                  ca.empty() ? "asks for client certificates, but has no client-ca to check them by"
                             : "has a client-ca, but client-certificates is none");
  return ListenerTls{settings.text("certificate"), settings.secret("key"), ca, rule == "required"};
}

// Each network by itself, so that the fault has its place.
void check_networks(const Node& listener, const Path& at, Report& report) {
  const Node* networks = TableReader::find(listener, "proxy-protocol.from");
  if (networks == nullptr || !networks->is_list()) return;
  for (const Node& network : networks->children)
    if (network.is_scalar())
      if (const auto set = net::AddressSet::parse({network.text}); !set) report.at(network, at, set.error().what);
}

std::map<std::string, ListenerSettings> read_listeners(const Node& listeners, Report& report, Secrets& secrets) {
  static const TableReader reader(tables::listener);
  std::map<std::string, ListenerSettings> out;
  std::map<std::string, const Node*> addresses;
  const Path at("listeners");
  if (!expect_mapping(listeners, at, report)) return out;
  for (const Node& member : listeners.children) {
    const Path here(at, member.key);
    if (!is_name(member.key)) report.at_key(member, here, name_rule);
    if (!expect_mapping(member, here, report)) continue;
    const Settings settings = reader.read(member, here, report, secrets);
    ListenerSettings listener;
    listener.address = settings.text("address");
    listener.most_connections = settings.integer("max-connections");
    listener.most_per_address = settings.integer("max-connections-per-address");
    listener.proxy_protocol_from = settings.list("proxy-protocol.from");
    check_networks(member, Path(here, "proxy-protocol.from"), report);
    if (const Node* tls = member.find("tls")) listener.tls = read_tls(*tls, Path(here, "tls"), report, secrets);
    if (const Node* address = member.find("address"); address != nullptr && !listener.address.empty())
      if (const auto [first, fresh] = addresses.emplace(listener.address, &member); !fresh)
        report.at(*address, Path(here, "address"),
                  fmt::format("\"{}\" is already listener {}'s", listener.address, first->second->key));
    out.emplace(member.key, std::move(listener));
  }
  return out;
}

void check_retention(const Node& root, const GatewaySettings& gateway, Report& report) {
  const Node* retention = root.find("retention");
  if (retention == nullptr || !retention->is_mapping()) return;
  const Path at("retention");
  if (gateway.keep_metadata < gateway.keep_bodies)
    report.at_key(*retention, at,
                  fmt::format("metadata ({}) would go before bodies ({})", format_duration(gateway.keep_metadata),
                              format_duration(gateway.keep_bodies)));
  // A duplicate that comes after its key has gone would be taken for a new message.
  if (gateway.keep_keys < gateway.keep_metadata)
    report.at_key(*retention, at,
                  fmt::format("keys ({}) would go before metadata ({})", format_duration(gateway.keep_keys),
                              format_duration(gateway.keep_metadata)));
}

void check_control(const Node& root, const GatewaySettings& gateway, Report& report) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (gateway.control_socket.size() <= longest) return;
  const Node* socket = TableReader::find(root, "control.socket");
  report.at(socket != nullptr ? *socket : root, Path("control.socket"),
            fmt::format("\"{}\" is longer than the {} octets that a socket's path may have", gateway.control_socket,
                        longest));
}

LogLevel log_level(std::string_view word) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::warning, LogLevel::error})
    if (to_string(level) == word) return level;
  return LogLevel::info;
}

LogFormat log_format(std::string_view word) {
  return word == "text" ? LogFormat::text : word == "json" ? LogFormat::json : LogFormat::automatic;
}

}  // namespace

GatewayFile read_gateway(const Document& document, Secrets& secrets, std::vector<LocatedError>& errors) {
  GatewayFile out;
  if (!document.understood) return out;
  Report report(document.file, errors);
  const Node& root = document.root;
  if (root.is_null()) {
    report.at(root, {}, "is empty");
    return out;
  }
  if (!expect_mapping(root, {}, report)) return out;
  static const TableReader reader(tables::gateway);
  const std::size_t before = report.count();
  const Settings s = reader.read(root, {}, report, secrets);

  GatewaySettings& gateway = out.gateway;
  gateway.name = s.text("gateway.name");
  gateway.data = s.text("gateway.data");
  gateway.control_socket = s.has("control.socket") ? s.text("control.socket") : gateway.data + "/control.sock";
  gateway.log_level = log_level(s.text("log.level"));
  gateway.log_format = log_format(s.text("log.format"));
  gateway.keep_bodies = s.duration("retention.bodies");
  gateway.keep_metadata = s.duration("retention.metadata");
  gateway.keep_keys = s.duration("retention.keys");
  gateway.purge_every = s.duration("retention.every");
  gateway.low_water = s.integer("limits.low-water");
  out.engine.breaker_failures = static_cast<int>(s.integer("engine.breaker.failures"));
  out.engine.breaker_pause = s.duration("engine.breaker.pause");
  out.engine.breaker_pause_most = s.duration("engine.breaker.pause-most");
  out.quota = {s.integer("quota.messages-per-hour"), s.integer("quota.bytes-per-hour"), s.integer("quota.connections")};
  out.engine.tick = s.duration("engine.tick");

  if (report.count() == before) {
    check_retention(root, gateway, report);
    check_control(root, gateway, report);
  }
  if (const Node* listeners = root.find("listeners")) gateway.listeners = read_listeners(*listeners, report, secrets);
  return out;
}

}  // namespace sluis::config
