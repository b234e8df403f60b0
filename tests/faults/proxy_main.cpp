// sluis-fault-proxy HOST PORT [FAULT]: prints its port, then takes a line at a time from its input: a fault (the words
// of NetworkFault::parse), "drop", "drop reset", or "counts"; answers each with a line. Ends with its input.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/faults/tcp_proxy.h"

namespace {

std::string obey(sluis::faults::TcpProxy& proxy, const std::string& line) {
  if (line == "drop" || line == "drop reset") {
    proxy.drop(line == "drop reset");
    return "ok";
  }
  if (line == "counts") {
    const auto counts = proxy.counts();
    return fmt::format("{} {} {}", counts.connections, counts.to_server, counts.to_client);
  }
  const auto fault = sluis::faults::NetworkFault::parse(line);
  if (!fault.ok()) return "error " + fault.error().what;
  proxy.set(fault.value());
  return "ok";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: sluis-fault-proxy HOST PORT [FAULT]\n";
    return 2;
  }
  auto proxy = sluis::faults::TcpProxy::make(argv[1], static_cast<std::uint16_t>(std::strtoul(argv[2], nullptr, 10)));
  if (!proxy.ok()) {
    std::cerr << "sluis-fault-proxy: " << proxy.error().what << '\n';
    return 1;
  }
  if (argc > 3)
    if (const std::string said = obey(*proxy.value(), argv[3]); said != "ok") {
      std::cerr << "sluis-fault-proxy: " << said << '\n';
      return 2;
    }
  std::cout << proxy.value()->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << obey(*proxy.value(), line) << std::endl;
  return 0;
}
