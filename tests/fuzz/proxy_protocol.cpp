// The reader of PROXY headers, against a proxy that says anything, in pieces of any size.
#include "core/net/proxy_protocol.h"

#include <algorithm>

#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;

namespace {

struct Reading {
  bool refused = false;
  bool complete = false;
  net::ProxyHeader header;
  std::size_t taken = 0;
};

Reading read(std::string_view input, std::size_t piece) {
  Reading reading;
  net::ProxyHeaderReader reader;
  while (!input.empty() && !reading.complete && !reading.refused) {
    std::string_view bytes = input.substr(0, std::min(piece, input.size()));
    const std::size_t given = bytes.size();
    const auto done = reader.take(bytes);
    require(!done.ok() || *done || bytes.empty(), "what is not complete takes all it is given");
    reading.taken += given - bytes.size();
    input.remove_prefix(given - bytes.size());
    reading.refused = !done.ok();
    reading.complete = done.ok() && *done;
  }
  if (reading.complete) reading.header = reader.header();
  return reading;
}

}  // namespace

// The first octet is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = text(data + 1, size - 1);
  const Reading whole = read(input, input.size());
  const Reading pieces = read(input, data[0] % 64U + 1U);
  require(whole.refused == pieces.refused && whole.complete == pieces.complete, "cuts change nothing");
  if (!whole.complete) return 0;
  require(whole.taken == pieces.taken && whole.taken <= net::ProxyHeaderReader::most_v2, "it ends where it ends");
  require(whole.header.source == pieces.header.source, "cuts change no address");
  require(whole.header.version == 2 || whole.taken <= net::ProxyHeaderReader::most_v1, "a line is short");
  require(!whole.header.local || (whole.header.source.family() == AF_UNSPEC && !whole.header.tls),
          "a proxy that speaks for itself names no client");
  if (whole.header.tls) {
    require(!whole.header.tls->verified || whole.header.tls->certificate, "nothing is verified without a certificate");
    for (const char c : whole.header.tls->common_name)
      require(static_cast<unsigned char>(c) >= 0x20, "no control characters in a name");
  }
  return 0;
}
