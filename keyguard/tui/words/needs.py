"""Names of fixes."""

TEXTS = {
    "fix_rotate": ("rotate", "교체"),
    "fix_resume": ("go on", "계속"),
    "fix_refresh": ("refresh", "갱신"),
    "fix_inspect": ("ask venue", "거래소 확인"),
    "fix_show": ("look", "보기"),
    "fix_adopt": ("adopt", "편입"),
    "fix_offboard": ("off-board", "퇴사 처리"),
    "fix_renew": ("renew", "갱신"),
    "fix_minimise": ("minimise", "권한 축소"),
    "fix_review": ("review", "검토"),
    "fix_incident": ("see incident", "사고 보기"),
    "fix_grant": ("see grant", "권한 보기"),
    "fix_approve": ("answer", "답하기"),
}
