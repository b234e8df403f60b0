// Header fields of HTTP proxies that say anything.
#include "core/net/forwarded.h"

#include <vector>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

const net::AddressSet& proxies() {
  static const net::AddressSet set = *net::AddressSet::parse({"10.0.0.0/8"});
  return set;
}

}  // namespace

// Fields are cut at each 0x01.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = text(data, size);
  std::vector<std::string_view> values;
  while (!input.empty()) values.push_back(take_piece(input));
  const net::Address proxy = *net::Address::ip("10.0.0.1", 4711);
  const net::Address stranger = *net::Address::ip("192.0.2.7", 4711);
  for (const auto client_of : {net::client_of_x_forwarded_for, net::client_of_forwarded}) {
    const auto believed = client_of(values, proxy, proxies());
    require(!believed.ok() || !believed->ip_bytes().empty(), "a client has an address");
    const auto ignored = client_of(values, stranger, proxies());
    require(ignored.ok() && *ignored == stranger, "a peer that is not named is the client");
  }
  for (const auto certificate_of : {net::certificate_of_client_cert, net::certificate_of_escaped_pem}) {
    const auto believed = certificate_of(values, proxy, proxies());
    require(!believed.ok() || !*believed || (*believed)->sha256.size() == 64, "a certificate has a fingerprint");
    const auto ignored = certificate_of(values, stranger, proxies());
    require(ignored.ok() && !*ignored, "a peer that is not named forwards no certificate");
  }
  return 0;
}
