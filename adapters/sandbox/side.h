// The other side of one adapter, as the sandbox program runs it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sandbox/ledger.h"
#include "adapters/sandbox/misbehaviour.h"
#include "core/net/event_loop.h"
#include "core/net/tls.h"
#include "core/runtime/clock.h"
#include "core/runtime/ids.h"
#include "core/runtime/log.h"
#include "core/runtime/random.h"
#include "core/runtime/worker_pool.h"

namespace sluis::sandbox {

// What a side gets from the program. All of it outlives the side; loops and pool are stopped between its stop() and its
// end.
struct Frame {
  const Clock& clock;
  Random& random;
  IdGenerator& ids;
  net::LoopGroup& loops;
  WorkerPool& pool;
  Misbehaviour& misbehaviour;
  Log log;
  std::filesystem::path state;
  std::shared_ptr<const net::TlsContext> tls;  // shared by every connection
};

struct SideOption {
  std::string_view name;  // "msa-tls": --msa-tls
  std::string_view sentence;
  std::string_view standard = "";
  std::vector<std::string> allowed = {};  // empty: anything
  bool required = false;
};
using SideValues = std::map<std::string, std::string, std::less<>>;

// [Threading] all on the main thread, but status(): any. stop() comes once, after start() was ok. [Errors] start():
// whatever keeps it from listening, in words for a person.
class Side {
 public:
  virtual ~Side() = default;
  // Listens; returns what the line of ports says.
  virtual Result<Event> start(const Frame& frame, const SideValues& options) = 0;
  virtual void stop() = 0;
  // What `mails` on the control socket answers. Must not block.
  [[nodiscard]] virtual Event status() const = 0;
};

struct SideKind {
  std::string_view name;
  std::string_view sentence;
  std::vector<SideOption> options;
  std::vector<MisbehaviourPoint> points;
  std::unique_ptr<Side> (*make)();
};

// One line at the end of a side's .cpp: `const bool registered = register_side({…});`
bool register_side(SideKind kind);
const std::vector<SideKind>& side_kinds();

}  // namespace sluis::sandbox
