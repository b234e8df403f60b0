#include "adapters/sandbox/ledger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "adapters/sandbox/durable.h"

namespace sluis::sandbox {
namespace {

Status read_lines(const std::filesystem::path& file, std::string_view text,
                  const std::function<void(const Event&)>& each) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const Event event = Event::parse(text.substr(0, end), nullptr, false);
    if (!event.is_object())
      return Error{"sandbox.ledger", file.string() + ":" + std::to_string(number) + ": not a line of a ledger"};
    if (each) each(event);
    text.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& folder, const Clock& clock,
                                             const std::function<void(const Event&)>& each) {
  const std::filesystem::path file = folder / "ledger.jsonl";
  net::FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd.valid()) return disk_error(file, "cannot be opened");
  const Result<std::string> text = read_file(file);
  if (!text) return text.error();
  const std::size_t last = text->rfind('\n');
  const std::size_t whole = last == std::string::npos ? 0 : last + 1;
  if (whole < text->size() && ::ftruncate(fd.get(), static_cast<off_t>(whole)) != 0)
    return disk_error(file, "cannot be cut to its last whole line");
  if (const Status read = read_lines(file, std::string_view(*text).substr(0, whole), each); !read) return read.error();
  if (const Status synced = sync_folder(folder); !synced) return synced.error();
  return std::unique_ptr<Ledger>(new Ledger(clock, file, std::move(fd)));
}

Status Ledger::append(std::string_view event, Event fields) {
  std::unique_lock lock(mutex_);
  Event line{{"at", to_rfc3339(clock_.wall())}, {"event", event}};
  line.update(fields);
  // Outside text may hold octets that are not UTF-8; a ledger that refuses them would lose the event.
  const std::string text = line.dump(-1, ' ', false, Event::error_handler_t::replace) + "\n";
  if (failed_) return Error{"sandbox.disk", file_.string() + ": an earlier write failed; restart"};
  if (::write(fd_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    failed_ = true;  // half a line may stand there: nothing may follow it
    return disk_error(file_, "cannot be written");
  }
  const std::uint64_t mine = ++written_;
  while (synced_ < mine && !failed_) {
    if (syncing_) {
      synced_changed_.wait(lock);
      continue;
    }
    syncing_ = true;
    const std::uint64_t upto = written_;
    lock.unlock();
    const bool done = ::fdatasync(fd_.get()) == 0;
    lock.lock();
    syncing_ = false;
    if (done) synced_ = upto;
    failed_ = failed_ || !done;
    synced_changed_.notify_all();
  }
  if (synced_ < mine) return Error{"sandbox.disk", file_.string() + ": cannot be synced"};
  return {};
}

}  // namespace sluis::sandbox
