#include "tests/core/channel/conformance/parcel_channel.h"

#include <array>

#include "core/channel/conformance/test_context.h"
#include "core/runtime/base64.h"
#include "core/runtime/digest.h"

namespace sluis::conformance::tests {

namespace {

std::atomic<int> instances{0};

Outcome retry(Retry::Scope scope, std::string_view code, bool in_doubt = false) {
  return Outcome::retry(scope, Error{code, "the office said so"}, in_doubt);
}

}  // namespace

ParcelChannel::ParcelChannel(std::string name, ChannelContext& context, std::shared_ptr<ParcelOffice> office,
                             Mistake mistake)
    : name_(std::move(name)), context_(context), office_(std::move(office)), mistake_(mistake), instance_(++instances) {
  if (makes(Mistake::works_when_it_is_made)) context_.state().put({{"made", "yes"}}, {});
}

ParcelChannel::~ParcelChannel() {
  stop(MonoTime{});
}

Status ParcelChannel::start() {
  pool_ = std::make_unique<WorkerPool>(2);
  at_start_ = context_.accounts().all();
  started_ = true;
  if (const auto lock = context_.state().get("lock"); lock && *lock) return {};
  // What a channel without any mistake has in its state: nothing.
  if (const auto seen = context_.state().list("seen/"); seen)
    for (const auto& [key, customer] : *seen) office_->remove(customer, key.substr(5));
  poll();
  return {};
}

void ParcelChannel::stop(MonoTime deadline) {
  if (!started_.exchange(false)) return;
  if (makes(Mistake::leaves_a_lock_behind)) context_.state().put({{"lock", "held"}}, {});
  if (!makes(Mistake::goes_on_after_stop)) liveness_.end();
  stop_until_ = (deadline + (makes(Mistake::stops_late) ? Duration{2500ms} : Duration{0})).time_since_epoch().count();
  stopping_ = true;
  pool_->stop();
}

bool ParcelChannel::gave_up() const {
  return stopping_ && context_.clock().mono().time_since_epoch().count() >= stop_until_;
}

Identity ParcelChannel::identify(const Delivery& delivery) const {
  std::string value = delivery.message->id.text();
  if (makes(Mistake::makes_an_identity_for_each_call)) value += "." + std::to_string(++identified_);
  return Identity{value, {{"parcel", "", value}}};
}

class ParcelChannel::Queued {
 public:
  explicit Queued(Attempt attempt) : attempt_(std::move(attempt)) {}
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;
  ~Queued() {
    if (!run_) attempt_.finish(retry(Retry::Scope::message, "channel.stopping"));
  }
  void run(ParcelChannel& channel) {
    run_ = true;
    if (attempt_.cancelled()) {
      attempt_.finish(retry(Retry::Scope::message, "attempt.cancelled"));
      if (!channel.makes(Mistake::finishes_a_cancelled_attempt_twice)) return;
    }
    attempt_.finish(channel.hand_in(attempt_.delivery()));
  }

 private:
  Attempt attempt_;
  bool run_ = false;
};

void ParcelChannel::deliver(Attempt attempt) {
  if (!started_) {
    if (!makes(Mistake::drops_an_attempt_after_stop)) attempt.finish(retry(Retry::Scope::message, "channel.stopping"));
    return;
  }
  if (makes(Mistake::blocks_the_loop)) {
    const auto until = std::chrono::steady_clock::now() + 700ms;
    while (office_->hangs() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }
  const auto queued = std::make_shared<Queued>(std::move(attempt));        // shared: a std::function must be copyable
  static_cast<void>(pool_->post([this, queued] { queued->run(*this); }));  // refused: `queued` goes here and says so
}

Outcome ParcelChannel::hand_in(const Delivery& delivery) {
  std::shared_ptr<const Account> account = context_.accounts().find(delivery.destination.account);
  if (makes(Mistake::uses_the_account_of_another) && account == nullptr) account = at_start_.front();
  if (makes(Mistake::sends_with_the_accounts_of_the_start)) {
    account = nullptr;
    for (const auto& known : at_start_)
      if (known->customer == delivery.destination.account) account = known;
  }
  if (account == nullptr) return retry(Retry::Scope::account, "account.missing");
  const Secret password = account->settings.secret("password");
  if (makes(Mistake::logs_a_secret))
    context_.log().debug("parcel.login", base64_encode("acme:" + std::string(password.reveal())));
  const int number = ++sent_;
  Copy parcel{delivery.identity.value, *delivery.message->parts.front().content.bytes};
  if (makes(Mistake::makes_an_identity_for_each_attempt))
    parcel.identity += "." + std::to_string(instance_) + "." + std::to_string(number);
  const Word word = office_->hand_in(account->customer, parcel, [this] { return gave_up(); });
  if (makes(Mistake::sends_the_tenth_twice) && number == 10 && word == Word::taken)
    office_->hand_in(account->customer, parcel, [] { return true; });
  switch (word) {
    case Word::taken: return Outcome::delivered({makes(Mistake::gives_no_receipt) ? "" : "taken", {}});
    case Word::never:
      if (makes(Mistake::takes_a_final_no_for_a_temporary_one)) return retry(Retry::Scope::message, "parcel.no");
      return Outcome::rejected("550", "no such street");
    case Word::not_now:
      return retry(makes(Mistake::takes_a_temporary_no_for_the_account) ? Retry::Scope::account : Retry::Scope::message,
                   "parcel.later");
    case Word::no_such_login:
      return retry(
          makes(Mistake::takes_a_refused_login_for_the_message) ? Retry::Scope::message : Retry::Scope::account,
          "parcel.login");
    case Word::closed:
      return retry(
          makes(Mistake::takes_a_closed_office_for_the_message) ? Retry::Scope::message : Retry::Scope::channel,
          "parcel.closed");
    case Word::damaged:
      if (makes(Mistake::goes_on_where_a_human_must_look)) return retry(Retry::Scope::message, "parcel.damaged");
      return Outcome::held("the parcel is damaged");
    case Word::silence: break;
  }
  return retry(Retry::Scope::message, "parcel.silence", !makes(Mistake::sees_no_doubt));
}

std::vector<std::shared_ptr<const Account>> ParcelChannel::accounts_to_poll() {
  if (makes(Mistake::picks_up_with_the_accounts_of_the_start)) return at_start_;
  auto accounts = context_.accounts().all();
  if (!makes(Mistake::never_forgets_an_account)) return accounts;
  for (const auto& account : accounts) ever_[account->customer] = account;
  accounts.clear();
  for (const auto& [customer, account] : ever_) accounts.push_back(account);
  return accounts;
}

void ParcelChannel::poll() {
  for (const auto& account : accounts_to_poll()) fetch(account->customer);
  context_.timers().schedule(context_.clock().mono() + 20ms, liveness_.guarded([this] { poll(); }));
}

void ParcelChannel::fetch(const std::string& customer) {
  for (const auto& letter : office_->letters(customer)) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(on_its_way_[letter.id], true)) continue;
    }
    Arrival arrival;
    arrival.parts.push_back(sluis::tests::make_part(letter.body, "text/plain", ""));
    arrival.from = AccountRef{makes(Mistake::says_another_channel) ? "elsewhere" : name_, customer, false};
    std::string key = customer + "/" + letter.id;
    if (makes(Mistake::makes_a_key_of_the_bytes)) key = to_hex(sha256(letter.body));
    if (makes(Mistake::makes_a_key_for_each_start)) key += "/" + std::to_string(instance_);
    arrival.key = DedupeKey{key};
    if (makes(Mistake::writes_its_cursor_before_the_commit))
      context_.state().put({{"seen/" + letter.id, customer}}, {});
    if (makes(Mistake::removes_before_the_commit)) office_->remove(customer, letter.id);
    context_.intake().accept(std::move(arrival),
                             liveness_.guarded([this, customer, id = letter.id](const IntakeResult& result) {
                               answered(customer, id, result);
                             }));
  }
}

void ParcelChannel::answered(const std::string& customer, const std::string& id, const IntakeResult& result) {
  if (std::holds_alternative<Accepted>(result) || makes(Mistake::removes_what_the_intake_refused))
    office_->remove(customer, id);
  const std::lock_guard lock(mutex_);
  on_its_way_[id] = false;
}

void ParcelChannel::probe(const Account* account, ProbeReport& report) {
  if (account == nullptr) return report.failed("account", "name a customer");
  if (makes(Mistake::sends_when_it_probes))
    office_->hand_in(account->customer, {"probe", "probe"}, [] { return true; });
  report.passed("office", "it is open");
}

Health ParcelChannel::health() const {
  if (!started_) return {Health::State::stopped, ""};
  return {makes(Mistake::is_never_up) ? Health::State::starting : Health::State::up, ""};
}

namespace {

constexpr std::array settings{SettingSpec{
    .name = "patience", .type = SettingType::duration, .sentence = "How long the office may take.", .otherwise = "5s"}};
constexpr std::array settings_with_a_hole{
    SettingSpec{.name = "patience", .type = SettingType::duration, .sentence = "", .otherwise = "5s"}};
constexpr std::array account_settings{
    SettingSpec{.name = "password", .type = SettingType::secret, .sentence = "What the office asks for."}};
constexpr std::array kinds{ChannelKind{
    .name = "parcels", .sentence = "Parcels and letters.", .settings = settings, .account = account_settings}};
constexpr std::array kinds_with_a_hole{ChannelKind{.name = "parcels",
                                                   .sentence = "Parcels and letters.",
                                                   .settings = settings_with_a_hole,
                                                   .account = account_settings}};

class ParcelAdapter final : public Adapter {
 public:
  [[nodiscard]] std::string_view name() const override { return "parcels"; }
  [[nodiscard]] std::span<const ChannelKind> kinds() const override {
    if (parcel_surroundings().mistake == Mistake::has_a_table_with_a_hole) return kinds_with_a_hole;
    return tests::kinds;
  }
  [[nodiscard]] std::vector<Error> check(const ChannelConfig&) const override {
    if (parcel_surroundings().mistake == Mistake::refuses_a_good_configuration)
      return {Error{"parcels.patience", "patience: too long"}};
    return {};
  }
  Result<std::unique_ptr<Channel>> make(const ChannelConfig& config, ChannelContext& context) const override {
    return std::unique_ptr<Channel>(std::make_unique<ParcelChannel>(config.name, context, parcel_surroundings().office,
                                                                    parcel_surroundings().mistake));
  }
};

}  // namespace

ParcelSurroundings& parcel_surroundings() {
  static ParcelSurroundings surroundings;
  return surroundings;
}

std::shared_ptr<Account> parcel_account(const std::string& customer) {
  auto account = std::make_shared<Account>();
  account->channel = "parcels";
  account->customer = customer;
  account->settings = default_settings(account_settings);
  account->settings.set("password", Secret("kanarie-" + customer));
  return account;
}

const PluginInfo* parcel_plugin() {
  static const ParcelAdapter adapter;
  static const PluginInfo info{plugin_magic,
                               plugin_interface_version,
                               sizeof(PluginInfo),
                               SLUIS_COMPILER_STAMP,
                               "",
                               "parcels",
                               "1",
                               []() -> const Adapter* { return &adapter; }};
  return &info;
}

}  // namespace sluis::conformance::tests
