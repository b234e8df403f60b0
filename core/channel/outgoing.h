// The way out: what every adapter with outgoing connections can be told of them, with the same words.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "core/channel/settings.h"
#include "core/net/connector.h"
#include "core/runtime/export.h"

namespace sluis {

// A text as a template's argument.
template <std::size_t N>
struct SettingText {
  char characters[N]{};
  consteval SettingText(const char (&text)[N]) { std::copy_n(text, N, characters); }  // NOLINT: implicit on purpose
};

// "submit." and "proxy.address" in one piece of static storage, as a constexpr table needs it.
template <SettingText section, SettingText name>
struct SettingName {
  static constexpr auto characters = [] {
    std::array<char, sizeof section.characters + sizeof name.characters - 2> joined{};
    std::copy_n(name.characters, sizeof name.characters - 1,
                std::copy_n(section.characters, sizeof section.characters - 1, joined.begin()));
    return joined;
  }();
  static constexpr std::string_view text{characters.data(), characters.size()};
};

// The rows, under a section with its dot: outgoing_settings<"submit.">. Adapters put them into their own table with
// joined_tables(), ask check_outgoing() in their check() and apply_outgoing() where they connect.
template <SettingText section>
inline constexpr std::array outgoing_settings{
    SettingSpec{.name = SettingName<section, "source-address">::text,
                .type = SettingType::host,
                .sentence = "The IP address of this machine that connections leave from."},
    SettingSpec{.name = SettingName<section, "interface">::text,
                .type = SettingType::text,
                .sentence = "The network interface that they leave through; needs CAP_NET_RAW on older kernels."},
    SettingSpec{.name = SettingName<section, "proxy.address">::text,
                .type = SettingType::address,
                .sentence = "An HTTP proxy that they go through, by CONNECT; the proxy resolves the peer's name."},
    SettingSpec{.name = SettingName<section, "proxy.username">::text,
                .type = SettingType::text,
                .sentence = "The name to log in to the proxy with (Basic), when it asks for one."},
    SettingSpec{
        .name = SettingName<section, "proxy.password">::text, .type = SettingType::secret, .sentence = "Its password."},
};

template <std::size_t... N>
constexpr auto joined_tables(const std::array<SettingSpec, N>&... tables) {
  std::array<SettingSpec, (N + ...)> all;
  auto at = all.begin();
  ((at = std::copy(tables.begin(), tables.end(), at)), ...);
  return all;
}

// What the table cannot say. Each error begins with the setting that is at fault.
SLUIS_CORE_API void check_outgoing(const Settings& settings, std::string_view section, std::vector<Error>& errors);
// [Preconditions] check_outgoing() found nothing.
SLUIS_CORE_API void apply_outgoing(const Settings& settings, std::string_view section, net::ConnectRequest& request);

}  // namespace sluis
