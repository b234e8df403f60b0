// What gateway.yaml says, apart from the engine's settings, which belong to the generation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/runtime/clock.h"
#include "core/runtime/log.h"
#include "core/runtime/secret.h"

namespace sluis::config {

struct ListenerTls {
  std::string certificate;  // a PEM file: the certificate, then its chain
  Secret key;               // PEM
  std::string client_ca;    // a PEM file: whose client certificates are believed; empty: none are asked for
  bool client_certificates_required = false;
  bool operator==(const ListenerTls&) const = default;
};

// An address that channels and the admin API are mounted on, by its name.
struct ListenerSettings {
  std::string address;  // "0.0.0.0:8443"
  std::optional<ListenerTls> tls;
  std::int64_t most_connections = 10'000;
  std::int64_t most_per_address = 100;
  std::vector<std::string> proxy_protocol_from;  // networks, as net::AddressSet reads them; checked
  bool operator==(const ListenerSettings&) const = default;
};

enum class LogFormat { automatic, text, json };  // automatic: text on a terminal, JSON otherwise

// Defaults are the tables' (config/tables.h). [Threading] a value.
struct GatewaySettings {
  std::string name;
  std::string data;            // the data directory, absolute
  std::string control_socket;  // absolute; by default control.sock in the data directory
  std::map<std::string, ListenerSettings> listeners;

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::automatic;

  // How long after a message is settled its bodies, its metadata and its dedupe keys are kept; each at least as long as
  // the one before.
  Duration keep_bodies{};
  Duration keep_metadata{};
  Duration keep_keys{};
  Duration purge_every{};

  std::int64_t low_water = 0;  // octets of free space below which nothing is accepted any more

  bool operator==(const GatewaySettings&) const = default;
};

}  // namespace sluis::config
