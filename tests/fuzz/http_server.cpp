// The HTTP server machine against a client that says anything.
#include "core/net/http/server_machine.h"
#include "core/net/http/target.h"
#include "tests/fuzz/fuzz_input.h"

using namespace sluis;
using namespace sluis::fuzz;
using namespace sluis::net::http;

namespace {

constexpr std::uint64_t largest_body = 2048;

ServerMachineSettings settings_of(unsigned choice) {
  ServerMachineSettings settings;
  settings.limits.start_line = 300;
  settings.limits.header_fields = 20;
  settings.limits.header_bytes = 1000;
  settings.limits.chunk_extension = 50;
  settings.limits.trailer_bytes = 200;
  settings.limits.body = largest_body;
  settings.most_requests = (choice & 1U) != 0 ? 3 : 1000;
  settings.most_discarded = (choice & 2U) != 0 ? 100 : 0;
  return settings;
}

// How the owner behaves, and what it was told.
class Owner {
 public:
  Owner(const Clock& clock, unsigned choice, unsigned manners)
      : machine_(clock, settings_of(choice)), manners_(manners) {}

  void hear(std::string_view bytes) {
    heard_ += bytes;
    machine_.receive(bytes);
    run();
  }
  // A turn of its own: an answer that was held back.
  void act() {
    if (waits_) answer();
    run();
  }
  void check() const {
    require(responses_ <= requests_ + 1, "no more answers than requests, and a refusal");
    require(refusals_ <= 1, "refused once");
    require(sent_.size() <= 1000 * (requests_ + 1) + 2 * heard_.size(), "what is said is bounded by what was heard");
    require(machine_.unread() <= heard_.size(), "nothing is read twice");
  }

 private:
  void run() {
    for (;;) {
      const ServerMachine::Event event = machine_.next();
      collect();
      switch (event) {
        case ServerMachine::Event::none: return;
        case ServerMachine::Event::request: on_request(); break;
        case ServerMachine::Event::body: on_body(); break;
        case ServerMachine::Event::end: on_end(); break;
        case ServerMachine::Event::refused: on_refused(); return;
      }
    }
  }
  void on_request() {
    require(!in_request_, "one request at a time");
    in_request_ = true;
    ended_ = false;
    waits_ = false;
    body_ = 0;
    ++requests_;
    const RequestHead& head = machine_.request();
    require(is_token(head.method), "a method is a token");
    require(head.path == "*" || head.path.starts_with('/'), "a path begins with a slash");
    require((head.path + "/").find("/../") == std::string::npos && (head.path + "/").find("/./") == std::string::npos,
            "no dot segments");
    require(is_field_value(head.path) && head.path.find('\0') == std::string::npos, "no control characters in a path");
    require(head.minor_version <= 1, "HTTP/1.1 or 1.0");
    require(head.minor_version == 0 || is_authority(head.authority), "a host in every HTTP/1.1 request");
    require(!(head.chunked && head.content_length), "framed in one way");
    require(head.headers.count("Content-Length") <= 1, "one length");
    require(head.headers.size() <= 20, "fields within the limit");
    for (const auto& [name, value] : head.headers)
      require(is_token(name) && is_field_value(value), "fields are what they must be");
    if ((manners_ & 1U) != 0) machine_.send_continue();
    if ((manners_ & 2U) != 0) answer();
  }
  void on_body() {
    require(in_request_ && !ended_ && !machine_.body().empty(), "a body belongs to a request, and comes in octets");
    body_ += machine_.body().size();
    require(body_ <= largest_body, "a body within the limit");
  }
  void on_end() {
    require(in_request_ && !ended_, "a request ends once");
    const RequestHead& head = machine_.request();
    require(!head.content_length || *head.content_length == body_, "a body as long as it says");
    require(head.has_body() || body_ == 0, "no body that was not announced");
    ended_ = true;
    if ((manners_ & 4U) != 0) {
      waits_ = true;
    } else {
      answer();
    }
  }
  void on_refused() {
    ++refusals_;
    require(machine_.closing(), "a refusal is the end");
    require(machine_.refusal().status >= 400 && !machine_.refusal().code.empty(), "a refusal has a reason");
  }
  void answer() {
    waits_ = false;
    const bool chunked = (manners_ & 8U) != 0;
    // Chunked bodies and short ones; a request that is answered already says so.
    const bool said =
        machine_.respond({200, {}, {{"X", "y"}}}, chunked ? std::nullopt : std::optional<std::uint64_t>(2)).ok();
    if (!said) return;
    ++responses_;
    require(machine_.write_body("ok").ok() && machine_.end_body().ok(), "an answer can be given");
    in_request_ = false;
    collect();
  }
  void collect() {
    sent_ += machine_.output();
    machine_.output().clear();
  }

  ServerMachine machine_;
  const unsigned manners_;
  std::string heard_;
  std::string sent_;
  bool in_request_ = false;
  bool ended_ = false;
  bool waits_ = false;
  std::uint64_t body_ = 0;
  std::size_t requests_ = 0;
  std::size_t responses_ = 0;
  std::size_t refusals_ = 0;
};

// The events of a whole input, for comparing how it was cut. Of two faults in a line either may be named.
std::string told(const Clock& clock, std::string_view bytes, std::size_t piece) {
  ServerMachine machine(clock, settings_of(0));
  std::string told;
  bool in_body = false;
  while (!bytes.empty()) {
    machine.receive(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (ServerMachine::Event event = machine.next(); event != ServerMachine::Event::none; event = machine.next()) {
      if (event == ServerMachine::Event::body) {
        if (!in_body) told += "body ";
        in_body = true;
        told += machine.body();
        continue;
      }
      in_body = false;
      if (event == ServerMachine::Event::request) told += "\nrequest " + machine.request().target;
      if (event == ServerMachine::Event::refused)
        told += machine.refusal().code == "http.body-size" ? "\nrefused body" : "\nrefused";
      if (event != ServerMachine::Event::end) continue;
      told += "\nend";
      require(machine.respond({200, {}, {}}, 0).ok() && machine.end_body().ok(), "an answer can be given");
    }
  }
  return told;
}

// A body's limit may strike a piece earlier or later; everything else is the same however it was cut.
std::string_view without_last_body(std::string_view told) {
  return told.ends_with("refused body") ? told.substr(0, told.rfind("\nrequest")) : told;
}

}  // namespace

// The first octet chooses limits, the second the owner's manners.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ManualClock clock;
  Owner owner(clock, data[0], data[1]);
  std::string_view input = text(data + 2, size - 2);
  const std::string heard = without_turns(input);
  require(without_last_body(told(clock, heard, 1)) == without_last_body(told(clock, heard, heard.size())),
          "a stream is read the same whatever the pieces");
  while (!input.empty()) {
    owner.hear(take_piece(input));
    owner.act();
  }
  owner.check();
  return 0;
}
