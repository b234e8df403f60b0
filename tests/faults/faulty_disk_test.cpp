// The disk that the store is held against, held against its own words.
#include "tests/faults/faulty_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <set>

#include "tests/temporary_folder.h"

namespace sluis::faults {

namespace {

class File {
 public:
  File(FaultyDisk& disk, const std::string& path, int flags = O_RDWR | O_CREAT)
      : disk_(disk), fd_(disk.open(path.c_str(), flags)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool write(std::string_view bytes, off_t at) const {
    return disk_.write(fd_, bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size());
  }
  bool sync() const { return disk_.sync(fd_) == 0; }

 private:
  FaultyDisk& disk_;
  int fd_;
};

// Does `work` on fresh disks of many seeds, cuts the power, and gives every outcome that `look` has seen.
std::set<std::string> outcomes(const std::function<void(FaultyDisk&, const std::string&)>& work,
                               const std::function<std::string(const tests::TemporaryFolder&)>& look) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const tests::TemporaryFolder folder;
    FaultyDisk disk(folder.path(), seed);
    work(disk, folder.path());
    disk.power_cut();
    seen.insert(look(folder));
  }
  return seen;
}

std::string content(const tests::TemporaryFolder& folder) {
  return folder.has("file") ? folder.read("file") : "none";
}

void make(FaultyDisk& disk, const std::string& root, std::string_view bytes) {
  const File file(disk, root + "/file");
  EXPECT_TRUE(file.write(bytes, 0) && file.sync());
  EXPECT_TRUE(File(disk, root, O_RDONLY | O_DIRECTORY).sync());
}

}  // namespace

TEST(FaultyDisk, KeepsWhatWasSyncedWithItsName) {
  EXPECT_EQ(outcomes([](FaultyDisk& disk, const std::string& root) { make(disk, root, "kept"); }, content),
            std::set<std::string>{"kept"});
}

TEST(FaultyDisk, MayLoseANameWhoseFolderWasNotSynced) {
  const auto seen = outcomes(
      [](FaultyDisk& disk, const std::string& root) {
        const File file(disk, root + "/file");
        EXPECT_TRUE(file.write("kept", 0) && file.sync());
      },
      content);
  EXPECT_EQ(seen, (std::set<std::string>{"kept", "none"}));
}

TEST(FaultyDisk, MayKeepAWriteThatCameLaterAndLoseOneThatCameBefore) {
  const auto seen = outcomes(
      [](FaultyDisk& disk, const std::string& root) {
        make(disk, root, std::string(8192, '.'));
        const File file(disk, root + "/file");
        EXPECT_TRUE(file.write("1", 0) && file.write("2", 4096));
      },
      [](const tests::TemporaryFolder& folder) {
        const std::string bytes = folder.read("file");
        return std::string{bytes.at(0), bytes.at(4096)};
      });
  EXPECT_EQ(seen, (std::set<std::string>{"..", "1.", ".2", "12"}));
}

TEST(FaultyDisk, TearsAWriteAtASector) {
  const auto seen = outcomes(
      [](FaultyDisk& disk, const std::string& root) {
        make(disk, root, std::string(1024, '.'));
        EXPECT_TRUE(File(disk, root + "/file").write(std::string(1024, 'x'), 0));
      },
      [](const tests::TemporaryFolder& folder) {
        const std::string bytes = folder.read("file");
        EXPECT_EQ(bytes.substr(0, 512), std::string(512, bytes[0]));
        return std::string{bytes.at(0), bytes.at(512)};
      });
  EXPECT_TRUE(seen.contains(".x") && seen.contains("x."));
}

TEST(FaultyDisk, NeverLosesBothNamesOfAFileThatIsRenamed) {
  const auto seen = outcomes(
      [](FaultyDisk& disk, const std::string& root) {
        make(disk, root, "kept");
        EXPECT_EQ(disk.rename((root + "/file").c_str(), (root + "/other").c_str()), 0);
      },
      [](const tests::TemporaryFolder& folder) {
        return std::string(folder.has("file") ? "old" : "") + (folder.has("other") ? "new" : "");
      });
  EXPECT_TRUE(seen.contains("old") && seen.contains("new"));
  EXPECT_FALSE(seen.contains(""));
}

TEST(FaultyDisk, DoesNotMakeUpForAFailedSyncWithALaterOne) {
  const auto seen = outcomes(
      [](FaultyDisk& disk, const std::string& root) {
        make(disk, root, "old.");
        const File file(disk, root + "/file");
        EXPECT_TRUE(file.write("new.", 0));
        disk.fail(1, EIO);
        EXPECT_FALSE(file.sync());
        EXPECT_TRUE(file.sync());
        EXPECT_EQ(disk.syncs_after_failure(), 1U);
      },
      content);
  EXPECT_EQ(seen, (std::set<std::string>{"old.", "new."}));
}

TEST(FaultyDisk, FailsTheOperationItWasToldToAndNoOther) {
  const tests::TemporaryFolder folder;
  FaultyDisk disk(folder.path(), 1);
  const File file(disk, folder.path("file"));
  disk.fail(2, ENOSPC);
  EXPECT_TRUE(file.write("1", 0));
  EXPECT_FALSE(file.write("2", 1));
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_TRUE(file.write("3", 2));
  EXPECT_EQ(disk.failed(), FaultyDisk::Operation::write);
}

TEST(FaultyDisk, IsFullUntilItIsNot) {
  const tests::TemporaryFolder folder;
  FaultyDisk disk(folder.path(), 1);
  const File file(disk, folder.path("file"));
  disk.set_capacity(10);
  EXPECT_TRUE(file.write("0123456789", 0));
  EXPECT_EQ(disk.free_octets(), 0U);
  EXPECT_FALSE(file.write("x", 10));
  EXPECT_TRUE(file.write("x", 9)) << "what is there may be written over";
  disk.set_capacity(std::nullopt);
  EXPECT_TRUE(file.write("x", 10));
}

}  // namespace sluis::faults
