#include "ml_name.h"

#include "token.h"

/* Last extensions, folded. Sources: the project's catalogue (ML-02), Windows' PATHEXT, the level 1
 * list of attachments that Outlook blocks. */
static const char EXECUTABLE[] =
    " exe com scr pif cpl bat cmd ps1 psm1 vbs vbe js jse wsf wsh wsc hta jar msi msp mst msix "
    "msixbundle appx appxbundle appinstaller lnk url reg dll ocx sct chm hlp gadget iso img vhd "
    "vhdx one onepkg scf library-ms search-ms searchconnector-ms settingcontent-ms application "
    "appref-ms xll rdp msc diagcab theme themepack deskthemepack inf ins isp ade adp mde job cnt "
    "prg website xbap ps1xml ps2 ps2xml psc1 psc2 cdxml pssc msh msh1 msh2 shb shs ws vb bas crt "
    "sys drv efi ";
static const char ACTIVE[] = " docm dotm xlsm xltm xlam xlsb pptm potm ppsm ppam sldm xla slk iqy "
                             "dqy oqy rqy html htm shtml xhtml xht mht mhtml svg svgz wll accde ";
static const char ARCHIVE[] = " zip 7z rar lzh lha cab arj ace gz tgz bz2 tbz xz txz z tar zst "
                              "zipx uue eml msg ";
/* Extensions that people take for harmless: what stands before the last one in a disguise. */
static const char HARMLESS[] =
    " pdf doc docx docm xls xlsx xlsm ppt pptx txt csv rtf jpg jpeg png gif bmp tif tiff zip 7z "
    "rar lzh mp3 mp4 mov avi wav htm html odt ods odp xml log dwg dxf jtd eml ";

static bool listed(const char *list, struct str word) {
    enum { WORD_MAX = 24 };
    char key[WORD_MAX + 2];
    if (word.len == 0 || word.len > WORD_MAX) {
        return false;
    }
    key[0] = ' ';
    memcpy(key + 1, word.ptr, word.len);
    key[word.len + 1] = ' ';
    return str_find(str_from_c(list), str_make(key, word.len + 2)) != STR_NONE;
}

/* Right-to-left override, the overrides and isolates of UAX 9 that can do the same. */
static bool has_reversal(struct str name) {
    static const struct str marks[] = {STR_INIT("\xE2\x80\xAE"), STR_INIT("\xE2\x80\xAB"),
                                       STR_INIT("\xE2\x81\xA7")};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (str_find(name, marks[i]) != STR_NONE) {
            return true;
        }
    }
    return false;
}

static size_t longest_blank_run(struct str s) {
    size_t longest = 0;
    size_t run = 0;
    for (size_t i = 0; i < s.len; i++) {
        run = s.ptr[i] == ' ' || s.ptr[i] == '\t' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static struct str drop_trailing(struct str s, bool *dropped) {
    while (s.len > 0 && strchr(". \t", s.ptr[s.len - 1]) != NULL) {
        *dropped = *dropped || s.ptr[s.len - 1] == '.' || s.ptr[s.len - 1] == ' ';
        s.len--;
    }
    return s;
}

/* Behind the last dot; empty if there is none. *stem gets what is before the dot. */
static struct str last_extension(struct str name, struct str *stem) {
    size_t dot = str_rfind_char(name, '.');
    *stem = str_head(name, dot == STR_NONE ? name.len : dot);
    return dot == STR_NONE ? STR_EMPTY : str_skip(name, dot + 1);
}

static enum ml_class class_of(struct str name, struct str extension) {
    if (listed(EXECUTABLE, extension) || (extension.len > 1 && extension.ptr[0] == '{')) {
        return ML_CLASS_EXECUTABLE; /* a class id as extension starts its program */
    }
    if (str_eq(name, STR("winmail.dat"))) {
        return ML_CLASS_OPAQUE;
    }
    if (listed(ACTIVE, extension)) {
        return ML_CLASS_ACTIVE;
    }
    return listed(ARCHIVE, extension) ? ML_CLASS_ARCHIVE : ML_CLASS_NONE;
}

void ml_name_classify(struct ml_name *out, struct buf *folded, struct str name, size_t spaces_min) {
    struct str stem;
    bool dropped = false;
    *out = (struct ml_name){.class = ML_CLASS_NONE, .extension = STR_EMPTY};
    size_t nul = str_find_char(name, '\0');
    if (nul != STR_NONE) {
        out->tricks |= ML_TRICK_NUL;
        name = str_head(name, nul);
    }
    buf_clear(folded);
    fold_text(folded, name);
    struct str whole = drop_trailing(buf_str(folded), &dropped);
    out->extension = last_extension(whole, &stem);
    out->class = class_of(whole, out->extension);
    out->tricks |= dropped ? ML_TRICK_TRAILING : 0;
    out->tricks |= has_reversal(name) ? ML_TRICK_REVERSED : 0;
    out->tricks |= longest_blank_run(stem) >= spaces_min ? ML_TRICK_SPACES : 0;
    bool ignored = false;
    struct str before;
    struct str inner = last_extension(drop_trailing(stem, &ignored), &before);
    if (before.len > 0 && listed(HARMLESS, inner)) {
        out->tricks |= ML_TRICK_DOUBLE_EXTENSION;
    }
}
