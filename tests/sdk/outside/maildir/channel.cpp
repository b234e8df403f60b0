#include "maildir/channel.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/runtime/digest.h"
#include "protocols/mime/builder.h"

namespace maildir {

using namespace sluis;

namespace {

// Every end that a mail can have, by the error that says so.
Outcome outcome_of(const Error& error) {
  if (error.code == "maildir.doubt") return Outcome::retry(Retry::Scope::message, error, true);
  if (error.code == "maildir.missing") return Outcome::retry(Retry::Scope::account, error);
  if (error.code == "maildir.full" || error.code == "maildir.io") return Outcome::retry(Retry::Scope::channel, error);
  if (error.code == "content.io") return Outcome::retry(Retry::Scope::message, error);
  return Outcome::held(error.what);  // a corrupt part, a name or an address that nobody can write
}

// The mail, piece by piece: size is never memory. The same delivery gives the same octets.
class Mail {
 public:
  static Result<Mail> create(const Delivery& delivery, const Account& account, const std::string& gateway,
                             ContentStore& store) {
    auto from = mime::parse_addr_spec("sluis@" + gateway);
    if (!from) return from.error().in("gateway.name");
    auto to = mime::parse_addr_spec(account.settings.text("address"));
    if (!to) return to.error().in("address");
    mime::MailSpec spec;
    spec.from = *from;
    spec.to = {*to};
    spec.date = delivery.created_at;
    spec.message_id = delivery.identity.value;
    spec.subject = delivery.options.get("subject", delivery.message->attributes.get(attribute::reference, "message"));
    spec.form = mime::Form::attachment;
    spec.boundary = "sluis-" + delivery.message->id.text();
    spec.cover_text = "The message is attached.\n";
    Mail mail(store);
    std::string digests;
    for (const Part& part : delivery.message->parts) {
      if (part.role == PartRole::original && delivery.message->parts.size() > 1) continue;
      mime::PartSpec row;
      row.media_type = part.media_type;
      row.file_name = part.file_name;
      spec.parts.push_back(std::move(row));
      mail.contents_.push_back(part.content);
      digests += to_hex(part.content.sha256);
    }
    if (const Secret key = account.settings.secret("seal-key"); !key.empty())
      spec.extra.emplace_back("X-Sluis-Seal", to_hex(hmac_sha256(key.reveal(), spec.message_id + digests)));
    auto writer = mime::MailWriter::create(spec);
    if (!writer) return writer.error();
    mail.writer_.emplace(std::move(*writer));
    return mail;
  }

  Result<std::string> next() {
    if (at_ == 0 && reader_ == nullptr && !begun_) {
      begun_ = true;
      return writer_->begin();
    }
    while (at_ < contents_.size()) {
      std::string out;
      if (reader_ == nullptr) {
        auto opened = store_.open(contents_[at_]);
        if (!opened) return opened.error();
        reader_ = std::move(*opened);
        out = writer_->begin_part();
      }
      std::array<char, 32 * 1024> buffer{};
      const auto n = reader_->read(buffer);
      if (!n) return n.error();
      out += *n > 0 ? writer_->encode({buffer.data(), *n}) : writer_->end_part();
      if (*n == 0) {
        reader_.reset();
        ++at_;
      }
      if (!out.empty()) return out;
    }
    return std::exchange(ended_, true) ? std::string() : writer_->end();
  }

 private:
  explicit Mail(ContentStore& store) : store_(store) {}
  ContentStore& store_;
  std::optional<mime::MailWriter> writer_;
  std::vector<Content> contents_;
  std::size_t at_ = 0;
  std::unique_ptr<ContentReader> reader_;
  bool begun_ = false, ended_ = false;
};

}  // namespace

MaildirChannel::MaildirChannel(const ChannelConfig& config, ChannelContext& context)
    : BlockingChannel(static_cast<std::size_t>(config.settings.integer("threads"))),
      config_(config),
      context_(context),
      size_most_(static_cast<std::uint64_t>(config.settings.integer("max-size"))) {}

MaildirChannel::~MaildirChannel() {
  if (running_) MaildirChannel::stop(context_.clock().mono());
  join_deliveries();
}

Status MaildirChannel::start() {
  reading_ = std::make_unique<WorkerPool>(1);
  start_deliveries();
  {
    const std::lock_guard lock(mutex_);
    running_ = true;
  }
  plan_scan();
  return {};
}

void MaildirChannel::stop(MonoTime deadline) {
  liveness_.end();
  if (reading_ != nullptr) reading_->stop();
  stop_deliveries(deadline);
  const std::lock_guard lock(mutex_);
  running_ = false;
}

// The operator's "resend as new" comes with an option of its own, and must be another mail.
Identity MaildirChannel::identify(const Delivery& delivery) const {
  const std::string where = delivery.destination.channel + '/' + delivery.destination.account + '/' +
                            delivery.destination.address + '/' + std::string(delivery.options.get("as-new"));
  const std::string id =
      fmt::format("{}.{}@{}", delivery.message->id.text(), to_hex(sha256(where)).substr(0, 12), context_.gateway());
  return Identity{id, {Reference{"message-id", "", id}}};
}

Outcome MaildirChannel::deliver_blocking(const Delivery& delivery) {
  const auto account = context_.accounts().find(delivery.destination.account);
  if (account == nullptr || account->settings.text("deliver").empty())
    return Outcome::retry(Retry::Scope::account, Error{"account.missing", "the customer has no Maildir to deliver to"});
  std::uint64_t size = 0;
  for (const Part& part : delivery.message->parts) size += part.content.size;
  if (size > size_most_)
    return Outcome::rejected("552 5.3.4", fmt::format("{} octets are more than max-size, {}", size, size_most_));
  const auto folder = Folder(account->settings.text("deliver")).below(delivery.destination.address);
  if (!folder) return outcome_of(folder.error());
  auto mail = Mail::create(delivery, *account, context_.gateway(), context_.content());
  if (!mail) return outcome_of(mail.error());
  // seconds.unique.host, as the protocol wants it, and the same on every attempt.
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delivery.created_at.time_since_epoch()).count();
  const std::string name = fmt::format("{}.{}", seconds, delivery.identity.value);
  const auto there = folder->has(name);
  if (!there) return outcome_of(there.error());
  if (!*there)
    if (const Status written = folder->deliver(name, [&] { return mail->next(); }); !written)
      return outcome_of(written.error());
  return Outcome::delivered(
      {*there ? "was there already: " + name : "written as " + name, {{"folder", folder->path()}}});
}

void MaildirChannel::plan_scan() {
  context_.timers().schedule(context_.clock().mono() + config_.settings.duration("scan"), liveness_.guarded([this] {
    // A timer must not block: the disk is the pool's, which refuses when the channel stops.
    static_cast<void>(reading_->post([this] {
      scan();
      plan_scan();
    }));
  }));
}

// Asks for the accounts each time, so that what a reload added is seen and what it removed is left alone.
void MaildirChannel::scan() {
  for (const auto& account : context_.accounts().all())
    if (!account->settings.text("pickup").empty()) scan_account(account);
}

void MaildirChannel::scan_account(const AccountPtr& account) {
  const Folder folder(account->settings.text("pickup"));
  const auto names = folder.unread();
  if (!names) return trouble(account, names.error());
  {
    const std::lock_guard lock(mutex_);
    if (troubles_.erase(account->customer) > 0) context_.incidents().close("pickup/" + account->customer);
  }
  for (const std::string& name : *names) {
    {
      const std::lock_guard lock(mutex_);
      if (!on_its_way_.insert(folder.path() + "/" + name).second) continue;
    }
    hand_in(account, folder, name);
  }
}

Result<Content> MaildirChannel::read(const Folder& folder, const std::string& name) {
  const auto file = folder.open(name);
  if (!file) return file.error();
  const std::unique_ptr<ContentWriter> writer = context_.content().write();
  std::array<char, 64 * 1024> buffer{};
  std::uint64_t size = 0;
  const auto copy = [&]() -> Status {
    for (;;) {
      const ssize_t n = ::read(*file, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error{"maildir.io", fmt::format("{}: {}", name, std::strerror(errno))};
      if (n == 0) return {};
      size += static_cast<std::uint64_t>(n);
      if (size > size_most_)
        return Error{"maildir.large", fmt::format("{}: is larger than max-size, {} octets", name, size_most_)};
      if (Status written = writer->write({buffer.data(), static_cast<std::size_t>(n)}); !written) return written;
    }
  };
  const Status copied = copy();
  ::close(*file);
  if (!copied) return copied.error();
  return writer->finish();
}

void MaildirChannel::hand_in(const AccountPtr& account, const Folder& folder, const std::string& name) {
  auto content = read(folder, name);
  if (!content) {
    trouble(account, content.error());
    const std::lock_guard lock(mutex_);
    on_its_way_.erase(folder.path() + "/" + name);
    return;
  }
  Arrival arrival;
  Part part;
  part.media_type = "message/rfc822";
  part.content = std::move(*content);
  arrival.parts.push_back(std::move(part));
  arrival.from = AccountRef{config_.name, account->customer, true};
  arrival.attributes.set("file.name", name);
  arrival.key = DedupeKey{account->customer + "/" + name};
  context_.intake().accept(
      std::move(arrival), liveness_.guarded([this, account, folder, name](const IntakeResult& result) {
        static_cast<void>(
            reading_->post([this, account, folder, name, result] { answered(account, folder, name, result); }));
      }));
}

// Only here does the mail leave the folder.
void MaildirChannel::answered(const AccountPtr& account, const Folder& folder, const std::string& name,
                              const IntakeResult& result) {
  Status done;
  if (std::holds_alternative<Accepted>(result)) {
    done = folder.remove(name);
  } else if (const auto& refusal = std::get<Refusal>(result); !refusal.temporary) {
    context_.log().warning("maildir.refused", refusal.error.what,
                           {{"customer", account->customer}, {"file", name}, {"code", refusal.error.code}});
    done = folder.set_aside(name);
  }
  if (!done) trouble(account, done.error());
  const std::lock_guard lock(mutex_);
  on_its_way_.erase(folder.path() + "/" + name);
}

void MaildirChannel::trouble(const AccountPtr& account, const Error& error) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(troubles_[account->customer], error.what) == error.what) return;  // said already
  context_.log().warning("maildir.trouble", error.what, {{"customer", account->customer}, {"code", error.code}});
  context_.incidents().open("pickup/" + account->customer, Severity::warning, error.what, account->customer);
}

void MaildirChannel::probe(const Account* account, ProbeReport& report) {
  if (account == nullptr) return report.failed("account", "this channel has no account of its own; name a customer");
  for (const char* const setting : {"pickup", "deliver"}) {
    const std::string path = account->settings.text(setting);
    if (path.empty()) {
      report.passed(setting, "not configured");
      continue;
    }
    for (const char* const folder : {"/tmp", "/new", "/cur"})
      if (::access((path + folder).c_str(), R_OK | W_OK | X_OK) != 0)
        report.failed(setting, fmt::format("{}{}: {}", path, folder, std::strerror(errno)));
    if (report.ok() || report.steps.empty()) report.passed(setting, path + " can be read and written");
  }
}

Health MaildirChannel::health() const {
  const std::lock_guard lock(mutex_);
  if (!running_) return {Health::State::stopped, ""};
  if (troubles_.empty()) return {Health::State::up, ""};
  return {Health::State::degraded,
          fmt::format("{} Maildirs cannot be read: {}", troubles_.size(), troubles_.begin()->second)};
}

}  // namespace maildir
