"""Made from expression.lark by `python -m backprop.grammar.generate`. Do not edit."""

CHECKSUM = 3034653072

TOKEN = '(?:(?:np|numpy|math|torch|jnp|jax\\.numpy|jax\\.nn|torch\\.nn\\.functional|F)\\.(?:linalg\\.)?(?:(?<!torch\\.)|(?!(?:std|var)\\b))(?=[^\\W\\d]\\w*[ \t]*\\(|(?:pi|e|tau|inf|nan)\\b)|[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+|#[^\n]*)*+([^\\W\\d⁰¹²³⁴-⁹ⁿⁱᵀˆ¼½¾⅐-⅞↉][^\\W⁰¹²³⁴-⁹ⁿⁱᵀˆ¼½¾⅐-⅞↉]*(?:[̀-ͯऀ-႟][^\\W⁰¹²³⁴-⁹ⁿⁱᵀˆ¼½¾⅐-⅞↉]*)*+(?:(?:[ \t\r\x0c\xa0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+)?+(?:\\(|[-+*\\/]=(?!=)|=(?!=)))?|(?:[0-9]+(?:_[0-9]+)*(?:\\.(?:[0-9]+(?:_[0-9]+)*)?)?|\\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+)?|[¼½¾⅐-⅞↉]|[⁺⁻]?(?:[⁰¹²³⁴-⁹]+|[ⁿⁱ])|[;\n](?:[;\\s]|#[^\n]*)*|"[^"\n]*"|(?:\\.\\.\\.|…)|(?:\\*\\*|\\^|ˆ)|(?:\\|\\||‖|∥)|\\.T(?!\\w)|ᵀ|(?:>=|≥)|(?:<=|≤)|(?:!=|≠)|==|(?s:.)|\\Z)'

FIXED = '!= ( ) * ** + , - ... / : < <= = == > >= @ [ ] ^ | || · × ÷ ˆ ‖ … − √ ∛ ∥ ≠ ≤ ≥ ⋅'

RULES = """\
power 2 1 raised
postfix 2 1 transpose
statement 1 1 result
statement 2 2 assignment
statement 2 2 augmented
atom 3 2 group
atom 3 2 array
unary 2 2 negate
atom 3 2 norm
unary 2 2 plus
power 2 2 root
atom 3 2 absolute
atom 3 2 call
argument 2 2 keyword
postfix 4 2 index
power 3 2 power
product 3 2 matmul
product 3 2 divide
product 3 2 multiply
statements 3 2
expression 3 2 greater_equal
expression 3 2 less_equal
expression 3 2 less
sum 3 2 subtract
expression 3 2 greater
sum 3 2 add
expression 3 2 not_equal
expression 3 2 equal
arguments 3 2 more
elements 3 2 more
subscript 2 2 slice_to
statement 5 4 definition
subscript 3 3 slice_by
subscript 3 2 slice_from_to
subscripts 3 2 more
statement 6 5 definition
subscript 4 3 slice_to_by
subscript 4 3 slice_from_by
subscript 5 3 slice_from_to_by
atom 1 1 name
atom 1 1 number
atom 1 1 string
atom 2 2 call
atom 2 2 array
postfix 1 1
power 1 1
unary 1 1
sum 1 1
statements 1 1
expression 1 1
product 1 1
arguments 1 1
argument 1 1
elements 1 1
subscript 1 1 ellipsis
atom 4 3 array
subscript 1 1 slice
subscript 1 1
subscripts 1 1
atom 4 3 call
subscript 2 1 slice_from
postfix 5 3 index"""

EXPECTED = '129 130 130 131 130 132 130 133 130 134 130 135 136 137 130 138 1 139 140 141 3 142 143 144 145 131 7 11 130 146 147 148 149 19 150 151 152 27 29 33 153 154 37 155 130 156 157 130 130 130 158 130 130 130 130 130 130 130 130 159 45 160 161 162 163 164 165 158 166 167 168 169 170 171 54 56 58 60 61 172 173 174 175 176 177 178 179 180 181 182 84 130 183 89 130 184 185 186 187 188 130 97 101 130 130 189 190 111 114 118 122 130 126'

PENDING = """\
atom 0 expression 1 postfix 0 power 2 product 2 program 3 statement 4 statements 4 sum 5 unary 2
atom 6 expression 7 postfix 6 power 8 product 8 sum 9 unary 8
atom 10 expression 11 postfix 10 power 12 product 12 sum 13 unary 12
argument 14 arguments 14 atom 15 expression 14 postfix 15 power 16 product 16 sum 17 unary 16
atom 18 expression 19 postfix 18 power 20 product 20 sum 21 unary 20
atom 22 elements 23 expression 23 postfix 22 power 24 product 24 sum 25 unary 24
atom 26 postfix 26 power 27 unary 27

atom 28 expression 29 postfix 28 power 30 product 30 sum 31 unary 30

atom 32 postfix 32 power 33 unary 33
atom 34 postfix 34
atom 0 expression 1 postfix 0 power 2 product 2 statement 35 statements 35 sum 5 unary 2

atom 36 expression 37 postfix 36 power 38 product 38 sum 39 unary 38










argument 40 arguments 40 atom 41 expression 40 postfix 41 power 42 product 42 sum 43 unary 42


atom 44 expression 45 postfix 44 power 46 product 46 sum 47 unary 46














atom 48 expression 49 postfix 48 power 50 product 50 subscript 51 subscripts 51 sum 52 unary 50
atom 53 postfix 53 power 54 unary 54


atom 55 postfix 55 power 56 unary 56
atom 57 postfix 57 power 58 unary 58
atom 59 postfix 59 power 60 unary 60
atom 0 expression 1 postfix 0 power 2 product 2 statement 61 sum 5 unary 2
atom 62 postfix 62 power 63 product 63 sum 64 unary 63
atom 65 postfix 65 power 66 product 66 sum 67 unary 66
atom 68 postfix 68 power 69 product 69 sum 70 unary 69
atom 71 postfix 71 power 72 product 72 unary 72
atom 73 postfix 73 power 74 product 74 sum 75 unary 74
atom 76 postfix 76 power 77 product 77 unary 77
atom 78 postfix 78 power 79 product 79 sum 80 unary 79
atom 81 postfix 81 power 82 product 82 sum 83 unary 82


argument 84 atom 85 expression 84 postfix 85 power 86 product 86 sum 87 unary 86


atom 88 expression 89 postfix 88 power 90 product 90 sum 91 unary 90


atom 0 expression 1 postfix 0 power 2 product 2 statement 61 sum 5 unary 2

atom 92 expression 93 postfix 92 power 94 product 94 sum 95 unary 94

















argument 84 atom 85 expression 84 postfix 85 power 86 product 86 sum 87 unary 86



atom 96 expression 97 postfix 96 power 98 product 98 sum 99 unary 98


atom 100 expression 101 postfix 100 power 102 product 102 sum 103 unary 102

atom 104 expression 105 postfix 104 power 106 product 106 sum 107 unary 106
atom 108 expression 109 postfix 108 power 110 product 110 subscript 111 sum 112 unary 110


atom 113 expression 114 postfix 113 power 115 product 115 sum 116 unary 115


atom 117 expression 118 postfix 117 power 119 product 119 sum 120 unary 119
atom 121 expression 122 postfix 121 power 123 product 123 sum 124 unary 123






atom 125 expression 126 postfix 125 power 127 product 127 sum 128 unary 127
"""

ROWS = """\
r2 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r2 <END> <SEPARATOR>
r2 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==

a <END>  s22,50 <SEPARATOR>
r2 <END> <SEPARATOR>  s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
r3 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r3 <END> <SEPARATOR>
r3 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
r3 <END> <SEPARATOR>  s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
r4 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r4 <END> <SEPARATOR>
r4 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
r4 <END> <SEPARATOR>  s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s31,61 ,  s31,62 )
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s31,61 ,  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  s31,62 )  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s31,61 ,  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s31,62 )  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s31,61 ,  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s31,62 )  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c5 )  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
c5 )
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c5 )  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c5 )  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s35,64 ,  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c6 ]  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s35,64 ,  c6 ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s35,64 ,  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c6 ]  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s35,64 ,  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c6 ]  s23,57 != ≠  s23,58 ==
r7 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
r7 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  c8 || ‖ ∥  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
c8 || ‖ ∥
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  c8 || ‖ ∥  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  c8 || ‖ ∥  s23,56 +  s23,57 != ≠  s23,58 ==
r9 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
r9 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
r10 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s40,43 [  c1 <TRANSPOSE>
a <END>  s41,67 <SEPARATOR>
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  c11 |  s23,58 ==
c11 |
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  c11 |  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  c11 |  s23,58 ==
s59,87 ,  c12 )
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s59,87 ,  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c12 )  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s59,87 ,  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c12 )  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s59,87 ,  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c12 )  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r13 , )  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r13 , )
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r13 , )  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r13 , )  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s71,96 :  s73,97 ,  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c14 ]  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s71,96 :  s73,97 ,  c14 ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s71,96 :  s73,97 ,  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c14 ]  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s73,97 ,  c14 ]
s23,51 >= ≥  s23,52 <= ≤  s71,96 :  s73,97 ,  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  c14 ]  s23,57 != ≠  s23,58 ==
b15 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
b15 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
b16 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
b16 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
b17 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
b17 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
b18 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
b18 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
r19 <END> <SEPARATOR>
b20 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s79,54 - −  s79,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b20 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s79,54 - −  s79,56 +  s19,49 * × · ⋅
b20 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s79,54 - −  s79,56 +
b21 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s80,54 - −  s80,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b21 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s80,54 - −  s80,56 +  s19,49 * × · ⋅
b21 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s80,54 - −  s80,56 +
b22 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s81,54 - −  s81,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b22 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s81,54 - −  s81,56 +  s19,49 * × · ⋅
b22 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s81,54 - −  s81,56 +
b23 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s82,47 @  s82,48 / ÷  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s82,49 * × · ⋅  c1 <TRANSPOSE>
b23 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s82,47 @  s82,48 / ÷  s82,49 * × · ⋅
b24 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s83,54 - −  s83,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b24 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s83,54 - −  s83,56 +  s19,49 * × · ⋅
b24 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s83,54 - −  s83,56 +
b25 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s84,47 @  s84,48 / ÷  s17,43 [  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s84,49 * × · ⋅  c1 <TRANSPOSE>
b25 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s84,47 @  s84,48 / ÷  s84,49 * × · ⋅
b26 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s85,54 - −  s85,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b26 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s85,54 - −  s85,56 +  s19,49 * × · ⋅
b26 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s85,54 - −  s85,56 +
b27 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s17,43 [  s86,54 - −  s86,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>
b27 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s19,47 @  s19,48 / ÷  s86,54 - −  s86,56 +  s19,49 * × · ⋅
b27 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s86,54 - −  s86,56 +
r28 , )
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r28 , )  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r28 , )  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r28 , )  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r29 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r29 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r29 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r29 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s95,103 :  r30 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s95,103 :  r30 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s95,103 :  r30 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s95,103 :  r30 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
r31 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r31 <END> <SEPARATOR>
r31 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
r31 <END> <SEPARATOR>  s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r32 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r32 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r32 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r32 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s105,111 :  r33 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s105,111 :  r33 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s105,111 :  r33 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  s105,111 :  r33 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s71,96 :  r34 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
s71,96 :  r34 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s71,96 :  r34 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
r34 , ]
s23,51 >= ≥  s23,52 <= ≤  s71,96 :  r34 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
r35 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r35 <END> <SEPARATOR>
r35 <END> <SEPARATOR>  s19,47 @  s23,51 >= ≥  s23,52 <= ≤  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
r35 <END> <SEPARATOR>  s23,51 >= ≥  s23,52 <= ≤  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r36 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r36 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r36 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r36 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r37 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r37 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r37 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r37 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r38 , ]  s19,48 / ÷  s23,53 <  s17,43 [  s23,54 - −  s23,55 >  s23,56 +  s17,44 ** ^ ˆ  c0 <SUPERSCRIPT>  s19,49 * × · ⋅  c1 <TRANSPOSE>  s23,57 != ≠  s23,58 ==
r38 , ]
s19,47 @  s23,51 >= ≥  s23,52 <= ≤  r38 , ]  s19,48 / ÷  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s19,49 * × · ⋅  s23,57 != ≠  s23,58 ==
s23,51 >= ≥  s23,52 <= ≤  r38 , ]  s23,53 <  s23,54 - −  s23,55 >  s23,56 +  s23,57 != ≠  s23,58 ==
s-1,1 <ASSIGN>  s-1,2 <AUGMENT>  s-1,3 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  s-1,12 <SEPARATOR>  c41 <STRING>  s-1,14 |
s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
s-1,28 <ASSIGN>  s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c42 )  c41 <STRING>  s-1,14 |
s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c43 ]  c41 <STRING>  s-1,14 |
r39 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r40 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,25 <CALL>  s-1,4 (  s-1,5 [  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  c41 <STRING>  s-1,14 |
s-1,1 <ASSIGN>  s-1,2 <AUGMENT>  s-1,3 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
r41 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r44 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r45 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s-1,43 [  s-1,44 ** ^ ˆ  c0 <SUPERSCRIPT>  c1 <TRANSPOSE>
r46 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
r47 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s-1,47 @  s-1,48 / ÷  s-1,49 * × · ⋅
r48 <END> <SEPARATOR>
a <END>  s-1,50 <SEPARATOR>
r49 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,51 >= ≥  s-1,52 <= ≤  s-1,53 <  s-1,54 - −  s-1,55 >  s-1,56 +  s-1,57 != ≠  s-1,58 ==
r50 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
r42 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r51 , )
s-1,61 ,  s-1,62 )
r52 , )
r43 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,64 ,  c6 ]
r53 , ]
r10 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==  s-1,43 [  c1 <TRANSPOSE>
a <END>  s-1,67 <SEPARATOR>
s-1,25 <CALL>  s-1,69 :  c54 ... …  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
r0 <END> @ >= ≥ <= ≤ : , / ÷ < - − > || ‖ ∥ + ) ] <SEPARATOR> * × · ⋅ != ≠ | ==
r1 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
a <END>  s-1,1 <ASSIGN>  s-1,2 <AUGMENT>  s-1,3 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
s-1,87 ,  c12 )
s-1,28 <ASSIGN>  s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  s-1,89 )  c41 <STRING>  s-1,14 |
r12 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ ˆ <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,91 =
r5 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c55 ]  c41 <STRING>  s-1,14 |
r6 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r8 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r11 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,25 <CALL>  s-1,94 :  r56 , ]  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
r54 , ]
s-1,96 :  r57 , ]
r58 , ]
s-1,97 ,  c14 ]
b20 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
b21 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
b22 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
b23 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s-1,47 @  s-1,48 / ÷  s-1,49 * × · ⋅
b24 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
b25 <END> >= ≥ <= ≤ : , < - − > || ‖ ∥ + ) ] <SEPARATOR> != ≠ | ==  s-1,47 @  s-1,48 / ÷  s-1,49 * × · ⋅
b26 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
b27 <END> : , || ‖ ∥ ) ] <SEPARATOR> |  s-1,54 - −  s-1,56 +
s-1,28 <ASSIGN>  s-1,25 <CALL>  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c59 )  c41 <STRING>  s-1,14 |
r12 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r59 <END> @ >= ≥ <= ≤ / ÷ < [ - − > + ** ^ ˆ <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ ==  s-1,100 =
r55 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,103 :  r30 , ]
s-1,25 <CALL>  s-1,104 :  r60 , ]  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c41 <STRING>  s-1,14 |
s-1,25 <CALL>  s-1,69 :  c54 ... …  s-1,4 (  s-1,5 [  s-1,6 - −  c39 <NAME>  s-1,8 || ‖ ∥  c40 <NUMBER>  s-1,10 +  s-1,11 √ ∛  c61 ]  c41 <STRING>  s-1,14 |
r14 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
r59 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | ==
s-1,111 :  r33 , ]
r61 <END> @ >= ≥ <= ≤ : , / ÷ < [ - − > || ‖ ∥ + ** ^ ˆ ) ] <SEPARATOR> <SUPERSCRIPT> * × · ⋅ <TRANSPOSE> != ≠ | =="""
