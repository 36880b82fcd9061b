// SPDX-License-Identifier: Apache-2.0
// Text to YamlNode: drives yaml-cpp's event parser (it is included nowhere else), gives every node its Span and
// refuses what yaml-cpp lets pass: duplicate keys, merge keys, anchors, tags, further documents, deep nesting.
#include "base/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "base/utf8.hpp"
#include "base/yaml_parse_shown.hpp"

namespace einloom {
namespace {

constexpr std::size_t kMostErrors = 100;  // a document with more is not worth reading on

// Byte lines of the parsed text, and the Spans of marks in it. `shown` is the source the Spans belong to.
class Places {
 public:
  Places(std::string_view text, SourcePtr shown) : text_(text), shown_(std::move(shown)) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\n') starts_.push_back(i + 1);
    }
  }

  // Line `number` (0-based) without its end; empty past the last one.
  [[nodiscard]] std::string_view line(int number) const {
    if (number < 0 || number >= std::ssize(starts_)) return {};
    const std::size_t start = starts_[static_cast<std::size_t>(number)];
    std::string_view line = text_.substr(start, text_.find('\n', start) - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  // What stands on the mark's line from the mark on.
  [[nodiscard]] std::string_view rest(const YAML::Mark& mark) const {
    const std::string_view whole = line(mark.line);
    return whole.substr(std::min(whole.size(), static_cast<std::size_t>(std::max(0, mark.column))));
  }
  [[nodiscard]] Span at(int line_number, std::size_t byte_column, int length) const {
    const std::string_view shown = shown_line(line_number);
    const int before = count_code_points(shown.substr(0, std::min(shown.size(), byte_column)));
    return Span{shown_, line_number + 1, before + 1, std::max(1, length)};
  }
  [[nodiscard]] Span at(const YAML::Mark& mark, int length = 1) const {
    if (mark.is_null()) return Span{shown_, 0, 0, 1};
    return at(mark.line, static_cast<std::size_t>(mark.column), length);
  }
  // The word at the mark: `&anchor`, `*alias`, `!!tag`, `<<`.
  [[nodiscard]] Span word(const YAML::Mark& mark) const {
    const std::string_view tail = rest(mark);
    return at(mark, count_code_points(tail.substr(0, tail.find_first_of(" \t,:[]{}", 1))));
  }
  [[nodiscard]] Span of_scalar(const YAML::Mark& mark, const std::string& value, bool quoted) const {
    const std::string_view tail = rest(mark);
    if (quoted && (tail.starts_with('|') || tail.starts_with('>'))) return of_block(mark, value);
    if (quoted && (tail.starts_with('"') || tail.starts_with('\''))) return of_quoted(mark, tail);
    const auto common = std::mismatch(tail.begin(), tail.end(), value.begin(), value.end()).first;
    return at(mark, count_code_points(tail.substr(0, static_cast<std::size_t>(common - tail.begin()))));
  }
  // Whether the quoted scalar at the mark ends; yaml-cpp takes the end of the text for a closing quote.
  [[nodiscard]] bool is_closed(const YAML::Mark& mark) const {
    const std::size_t start = starts_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(mark.column);
    const std::string_view tail = text_.substr(std::min(start, text_.size()));
    if (!tail.starts_with('"') && !tail.starts_with('\'')) return true;
    return closing_quote(tail) < tail.size();
  }

 private:
  // In with_override the parsed text is the shown one with its `path=` blanked, byte for byte.
  [[nodiscard]] std::string_view shown_line(int number) const {
    if (number < 0 || number >= std::ssize(starts_)) return {};
    const std::size_t start = starts_[static_cast<std::size_t>(number)];
    const std::string_view shown = shown_->text;
    return shown.substr(start, shown.find('\n', start) - start);
  }
  // Where the quote that opens `tail` is closed; tail.size() when it is not.
  static std::size_t closing_quote(std::string_view tail) {
    const char quote = tail.front();
    std::size_t end = 1;
    for (; end < tail.size(); ++end) {
      const bool doubled = quote == '\'' && tail.substr(end, 2) == "''";
      if (tail[end] == quote && !doubled) return end;
      if (doubled || (quote == '"' && tail[end] == '\\')) ++end;
    }
    return tail.size();
  }
  // Between the quotes; an empty scalar shows its quotes.
  [[nodiscard]] Span of_quoted(const YAML::Mark& mark, std::string_view tail) const {
    const std::size_t end = closing_quote(tail);
    if (end <= 1) return at(mark, 2);
    return at(mark.line, static_cast<std::size_t>(mark.column) + 1, count_code_points(tail.substr(1, end - 1)));
  }
  [[nodiscard]] Span of_block(const YAML::Mark& mark, const std::string& value) const {
    const auto indent_of = [](std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); };
    int content = mark.line + 1;  // the first line that is not blank
    while (content < std::ssize(starts_) && indent_of(line(content)) == line(content).size()) ++content;
    if (content >= std::ssize(starts_) || value.find_first_not_of(" \n") == std::string::npos) return at(mark);
    const std::size_t text_at = value.find_first_not_of(" \n");
    const std::size_t text_line = value.rfind('\n', text_at) + 1;  // npos + 1 = 0
    const std::size_t source_indent = indent_of(line(content));
    const std::size_t column = source_indent - std::min(source_indent, text_at - text_line);
    const std::string_view first = line(mark.line + 1);
    const int length = count_code_points(first.substr(std::min(first.size(), column)));
    return Span{shown_, mark.line + 2, static_cast<int>(column) + 1, std::max(1, length)};
  }

  std::string_view text_;
  SourcePtr shown_;
  std::vector<std::size_t> starts_;
};

// Builds the tree from yaml-cpp's events.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Places& places, Diagnostics& diagnostics) : places_(places), diagnostics_(diagnostics) {}

  [[nodiscard]] int documents() const { return documents_; }
  [[nodiscard]] const YamlNode& root() const { return root_; }
  // Where the innermost list or map that is still open starts.
  [[nodiscard]] std::optional<Span> innermost() const {
    return open_.empty() ? std::nullopt : std::optional<Span>(open_.back().start);
  }
  // The first list or map in the place of a key. yaml-cpp also shows a bracket left open at the end of the text as a
  // key, before it complains: report this only when the text is otherwise well-formed.
  [[nodiscard]] const std::optional<Diagnostic>& compound_key() const { return compound_key_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    if (places_.rest(mark).starts_with("---")) {
      diagnostics_.error("yaml-several-documents", places_.at(mark, 3),
                         "a second document starts here; a file holds exactly one document");
    } else {
      diagnostics_.error("yaml-syntax", places_.at(mark), "text after the end of the document; it belongs to nothing");
    }
    diagnostics_.throw_if_any();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_properties(mark, "?", anchor);
    const std::string_view tail = places_.rest(mark);
    const std::string_view word = tail.substr(0, tail.find_first_of(" \t,]}:#"));
    const bool written = word == "~" || word == "null" || word == "Null" || word == "NULL";
    if (wants_key()) {
      refuse_key(written ? places_.at(mark, static_cast<int>(word.size())) : places_.at(mark), "nothing");
      return;
    }
    // The mark of a value left out is that of the next token; its key says more.
    Span span = places_.at(mark, written ? static_cast<int>(word.size()) : 1);
    if (!written && !open_.empty()) span = open_.back().is_map ? open_.back().key_span : open_.back().start;
    add(YamlNode::make_null(std::move(span)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse_anchor(mark);
    if (wants_key()) {
      open_.back().skip_value = true;
    } else {
      add(YamlNode::make_null(places_.word(mark)));
    }
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_properties(mark, tag, anchor);
    Span span = places_.of_scalar(mark, value, tag == "!");
    if (tag == "!" && !places_.is_closed(mark)) {
      diagnostics_.error("yaml-syntax", places_.at(mark), "the quote opened here is never closed");
      diagnostics_.throw_if_any();
    }
    if (wants_key()) {
      add_key(value, std::move(span), tag == "!");
    } else {
      add(YamlNode::make_scalar(value, std::move(span)));
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, true);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    bool is_map = false;
    bool is_key = false;  // stands where a key should
    Span start{};
    std::vector<YamlNode> items{};
    std::vector<YamlEntry> entries{};
    std::unordered_map<std::string, Span> seen{};
    bool has_key = false;     // a key was read, its value comes next
    bool skip_value = false;  // … and will be dropped, because the key was refused
    std::string key{};
    Span key_span{};
  };

  [[nodiscard]] bool wants_key() const {
    return !open_.empty() && open_.back().is_map && !open_.back().has_key && !open_.back().skip_value;
  }
  void stop_when_hopeless() {
    if (diagnostics_.size() >= kMostErrors) diagnostics_.throw_if_any();
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool is_map) {
    check_properties(mark, tag, anchor);
    const bool is_key = wants_key();
    if (is_key && !compound_key_) compound_key_ = key_diagnostic(places_.at(mark), is_map ? "a map" : "a list");
    if (open_.size() >= kMaxYamlDepth) {
      diagnostics_.error("yaml-too-deep", places_.at(mark),
                         fmt::format("more than {0} levels of nesting; a document has at most {0}", kMaxYamlDepth));
      diagnostics_.throw_if_any();
    }
    Open next;
    next.is_map = is_map;
    next.is_key = is_key;
    next.start = places_.at(mark);
    open_.push_back(std::move(next));
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.is_key) {
      open_.back().skip_value = true;
      return;
    }
    add(done.is_map ? YamlNode::make_map(std::move(done.entries), std::move(done.start))
                    : YamlNode::make_sequence(std::move(done.items), std::move(done.start)));
  }
  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (!parent.is_map) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (parent.has_key) parent.entries.push_back(YamlEntry{parent.key, parent.key_span, std::move(node)});
    parent.has_key = false;
    parent.skip_value = false;
  }
  void add_key(const std::string& key, Span span, bool quoted) {
    Open& map = open_.back();
    map.skip_value = true;
    map.key_span = span;
    if (key == "<<" && !quoted) {
      diagnostics_.error("yaml-merge-key", span, "merge key `<<`; documents spell out every key where it applies");
    } else if (const auto [first, is_new] = map.seen.emplace(key, span); !is_new) {
      diagnostics_
          .error("yaml-duplicate-key", span, fmt::format("key `{}` appears twice in one map; it must be unique", key))
          .note("first here", first->second);
    } else {
      map.skip_value = false;
      map.has_key = true;
      map.key = key;
    }
    stop_when_hopeless();
  }
  static Diagnostic key_diagnostic(Span span, std::string_view found) {
    return Diagnostic{"yaml-syntax", fmt::format("a key must be a scalar; found {}", found), std::move(span)};
  }
  void refuse_key(Span span, std::string_view found) {
    open_.back().skip_value = true;
    open_.back().key_span = span;
    diagnostics_.add(key_diagnostic(std::move(span), found));
    stop_when_hopeless();
  }
  void refuse_anchor(const YAML::Mark& mark) {
    diagnostics_
        .error("yaml-alias", places_.word(mark),
               "anchors (`&`) and aliases (`*`) are not allowed; write the value where it is used")
        .with_help("a text that starts with `&` or `*` needs quotes");
    stop_when_hopeless();
  }
  void check_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse_anchor(mark);
    if (tag.empty() || tag == "?" || tag == "!") return;
    diagnostics_
        .error("yaml-syntax", places_.word(mark), fmt::format("tag `{}`; a value's type follows from its place", tag))
        .with_help("a text that starts with `!` needs quotes");
    stop_when_hopeless();
  }

  const Places& places_;
  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  YamlNode root_;
  std::optional<Diagnostic> compound_key_;
  int documents_ = 0;
};

// Tabs as indentation (an error in YAML that yaml-cpp sometimes accepts) and characters it would choke on or take
// for the end of the text.
void check_characters(std::string_view text, const Places& places, Diagnostics& diagnostics) {
  int number = 0;
  for (std::size_t start = 0; start < text.size() && diagnostics.size() < kMostErrors; ++number) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    const std::size_t indent = std::min(line.find_first_not_of(" \t\r"), line.size());
    if (line.substr(0, indent).find('\t') != std::string_view::npos) {
      diagnostics.error("yaml-syntax", places.at(number, line.find('\t'), 1), "a tab in the indentation; use spaces");
    }
    const auto bad = std::find_if(line.begin(), line.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte < 0x20 && c != '\t' && c != '\r') || byte == 0x7F;
    });
    const auto column = std::min(static_cast<std::size_t>(bad - line.begin()), find_invalid_utf8(line));
    if (column < line.size()) {
      const auto byte = static_cast<unsigned>(static_cast<unsigned char>(line[column]));
      diagnostics.error(
          "yaml-syntax", places.at(number, column, 1),
          fmt::format("the byte 0x{:02x} is not text; documents are UTF-8 without control characters", byte));
    }
  }
  diagnostics.throw_if_any();
}

}  // namespace

YamlNode parse_yaml_shown(const std::string& text, const SourcePtr& shown) {
  Diagnostics diagnostics;
  const Places places(text, shown);
  check_characters(text, places, diagnostics);
  TreeBuilder builder(places, diagnostics);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    if (builder.compound_key()) diagnostics.add(*builder.compound_key());
  } catch (const YAML::Exception& problem) {
    if (places.rest(problem.mark).starts_with('*')) {
      diagnostics
          .error("yaml-alias", places.word(problem.mark),
                 "anchors (`&`) and aliases (`*`) are not allowed; write the value where it is used")
          .with_help("a text that starts with `&` or `*` needs quotes");
    } else {
      Diagnostic& error =
          diagnostics.error("yaml-syntax", places.at(problem.mark), fmt::format("not valid YAML: {}", problem.msg));
      const std::optional<Span> opened = builder.innermost();
      if (opened && problem.msg.find("flow not found") != std::string::npos) error.note("opened here", opened);
    }
  }
  diagnostics.throw_if_any();
  if (builder.documents() == 0) {
    throw UserError(Diagnostic{"yaml-empty", "no value but comments and blanks; a document is expected here",
                               Span{shown, 0, 0, 1}});
  }
  return builder.root();
}

YamlNode parse_yaml(const SourcePtr& source) { return parse_yaml_shown(source->text, source); }

YamlNode load_yaml(const std::filesystem::path& path) { return parse_yaml(read_source(path)); }

}  // namespace einloom
