// SPDX-License-Identifier: Apache-2.0
// Is every file that is not a small UTF-8 text refused with its reason, and everything else read unchanged?
#include "base/source_file.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "base/utf8.hpp"
#include "unit/base/thrown.hpp"

using namespace einloom;
using einloom::test::thrown;
namespace fs = std::filesystem;

namespace {

// A folder that disappears with the test.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / ("einloom_source_" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string refusal(const fs::path& path) {
  const std::string text = thrown([&] { (void)read_source(path); });
  const std::string start = path.string() + ": ";
  REQUIRE(text.starts_with(start));
  return text.substr(start.size());
}

}  // namespace

TEST_CASE("a text is read byte for byte, under the name the user wrote") {
  const Scratch scratch;
  const fs::path path = scratch.write("a.yaml", "é: 1\r\nb: 2");
  const SourcePtr source = read_source(path);
  CHECK(source->text == "é: 1\r\nb: 2");
  CHECK(source->path == path.string());
  CHECK(read_source(scratch.write("bom.yaml",
                                  "\xEF\xBB\xBF"
                                  "a: 1\n"))
            ->text == "a: 1\n");
}

TEST_CASE("file-missing names the nearest file beside it") {
  const Scratch scratch;
  (void)scratch.write("fusemax.yaml", "a: 1");
  CHECK(refusal(scratch.path() / "qqqqqqqq.yml") == "error[file-missing]: no such file\n");
  CHECK(refusal(scratch.path() / "fusemx.yaml") == "error[file-missing]: no such file\nhelp: did you mean `" +
                                                       (scratch.path() / "fusemax.yaml").string() + "`?\n");
  CHECK(refusal(scratch.path() / "fusemax.yaml" / "deeper").starts_with("error[file-missing]: no such file\n"));
}

TEST_CASE("file-is-directory") {
  const Scratch scratch;
  CHECK(refusal(scratch.path()) == "error[file-is-directory]: this is a directory; a file is expected here\n");
}

TEST_CASE("file-unreadable: devices, and names the system refuses") {
  CHECK(refusal("/dev/zero") ==
        "error[file-unreadable]: this is a device, pipe or socket; only regular files are read\n");
  CHECK(refusal("/tmp/" + std::string(300, 'x')) ==
        "error[file-unreadable]: the file cannot be examined: File name too long\n");
}

TEST_CASE("file-too-large is decided at kMaxDocumentBytes, before reading") {
  const Scratch scratch;
  const fs::path path = scratch.write("large.yaml", "a: 1\n");
  fs::resize_file(path, kMaxDocumentBytes + 1);
  CHECK(refusal(path) == "error[file-too-large]: the file has 16.0 MiB; a document has at most 16.0 MiB\n");
  fs::resize_file(path, std::uintmax_t{1} << 40);  // sparse: reading it would not return
  CHECK(refusal(path) == "error[file-too-large]: the file has 1048576.0 MiB; a document has at most 16.0 MiB\n");
  const fs::path largest = scratch.write("largest.yaml", std::string(kMaxDocumentBytes, 'a'));
  CHECK(read_source(largest)->text.size() == kMaxDocumentBytes);
}

TEST_CASE("file-empty: nothing or only blanks") {
  const Scratch scratch;
  const std::string expected = "error[file-empty]: the file is empty; a document is expected here\n";
  CHECK(refusal(scratch.write("a", "")) == expected);
  CHECK(refusal(scratch.write("b", " \t\r\n\n")) == expected);
  CHECK(refusal(scratch.write("c", "\xEF\xBB\xBF")) == expected);
}

TEST_CASE("file-binary names the first bad byte") {
  const Scratch scratch;
  const auto text = [&](const std::string& bytes) { return refusal(scratch.write("b", bytes)); };
  CHECK(text(std::string("a: 1\nb: \0", 9)) ==
        "error[file-binary]: line 2 holds the byte 0x00, which is not UTF-8 text; documents are UTF-8\n");
  CHECK(text("\xFF\xFE") ==
        "error[file-binary]: line 1 holds the byte 0xff, which is not UTF-8 text; documents are UTF-8\n");
}

TEST_CASE("UTF-8 validity: every lead and boundary against an encoder") {
  const auto valid = [](const std::string& bytes) { return find_invalid_utf8(bytes) == std::string::npos; };
  const auto encode = [](unsigned point) {
    const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
    if (point < 0x80) return std::string{byte(point)};
    if (point < 0x800) return std::string{byte(0xC0 | point >> 6), byte(0x80 | (point & 63))};
    if (point < 0x10000) {
      return std::string{byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 63)), byte(0x80 | (point & 63))};
    }
    return std::string{byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 63)), byte(0x80 | (point >> 6 & 63)),
                       byte(0x80 | (point & 63))};
  };
  int wrong = 0;
  for (unsigned point = 0; point < 0x120000; ++point) {
    const bool scalar_value = point < 0xD800 || (point > 0xDFFF && point < 0x110000);
    wrong += valid(encode(point)) != scalar_value ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK_FALSE(valid("\xC0\x80"));          // overlong NUL
  CHECK_FALSE(valid("\xE0\x80\x80"));      // overlong
  CHECK_FALSE(valid("\xF0\x80\x80\x80"));  // overlong
  CHECK_FALSE(valid("\x80"));              // lone continuation
  CHECK_FALSE(valid("a\xC3"));             // cut
  CHECK(find_invalid_utf8("ab\xC3\xA9\xFFz") == 4);
  CHECK(count_code_points("aéµ€") == 4);
  CHECK(code_point_prefix("aéb", 2) == "aé");
  CHECK(code_point_prefix("aéb", 9) == "aéb");
}

TEST_CASE("a part of a span moves right on the same line and is at least one character") {
  const Span span{source_from_text("f", "abcdef"), 3, 5, 6};
  const Span part = span.part(2, 3);
  CHECK(part.file == span.file);
  CHECK(part.line == 3);
  CHECK(part.column == 7);
  CHECK(part.length == 3);
  CHECK(span.part(0, 0).length == 1);
}
