#include "core/channel/outgoing.h"

#include <fmt/format.h>
#include <net/if.h>

#include <string>

namespace sluis {

void check_outgoing(const Settings& settings, std::string_view section, std::vector<Error>& errors) {
  const auto name = [section](const char* setting) { return std::string(section) + setting; };
  const auto wrong = [&](const char* code, const char* setting, std::string_view why) {
    errors.emplace_back(code, fmt::format("{}: {}", name(setting), why));
  };
  const std::string source = settings.text(name("source-address"));
  if (!source.empty() && !net::Address::ip(source, 0))
    wrong("setting.type", "source-address", fmt::format("\"{}\" is not an IP address", source));
  const std::string interface = settings.text(name("interface"));
  if (interface.size() >= IFNAMSIZ || interface.find_first_of(" /") != std::string::npos)
    wrong("setting.type", "interface", fmt::format("\"{}\" is not the name of a network interface", interface));

  const std::string proxy = settings.text(name("proxy.address"));
  if (const auto parts = net::HostPort::parse(proxy); !proxy.empty() && (!parts || parts->port == 0))
    wrong("setting.type", "proxy.address", fmt::format("\"{}\" is not a host and a port", proxy));
  const std::string username = settings.text(name("proxy.username"));
  const bool password = !settings.secret(name("proxy.password")).empty();
  if (username.find(':') != std::string::npos)
    wrong("setting.type", "proxy.username", "a name with a colon cannot be said to an HTTP proxy (RFC 7617)");
  if (username.empty() && password) wrong("setting.pair", "proxy.password", "needs a username beside it");
  if (!username.empty() && !password) wrong("setting.pair", "proxy.username", "needs a password beside it");
  if (!username.empty() && proxy.empty())
    wrong("setting.pair", "proxy.username", "needs the proxy's address beside it");
}

void apply_outgoing(const Settings& settings, std::string_view section, net::ConnectRequest& request) {
  const auto name = [section](const char* setting) { return std::string(section) + setting; };
  request.source_address = settings.text(name("source-address"));
  request.interface = settings.text(name("interface"));
  const auto proxy = net::HostPort::parse(settings.text(name("proxy.address")));
  if (proxy)
    request.proxy =
        net::HttpProxy{*proxy, settings.text(name("proxy.username")), settings.secret(name("proxy.password"))};
}

}  // namespace sluis
